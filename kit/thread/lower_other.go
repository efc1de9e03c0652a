//go:build !linux

package thread

func lower() {}
