//go:build soak

package app

const kills = 100
