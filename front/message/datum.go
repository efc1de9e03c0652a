package message

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/longmen/longmen/kit/errs"
)

// Money is an amount as it is told: minor units, and how many digits of them stand after the point.
type Money struct {
	Asset string `json:"asset"`
	Minor int64  `json:"minor,string"`
	Scale uint8  `json:"scale"`
}

// Limits of what is told.
const (
	maxText   = 40 // characters
	maxNumber = 100_000
	maxMinor  = 1_000_000_000_000_000_000
	maxScale  = 8
)

// read checks what a kind is told and writes it in a language: by name, as the texts use it.
func (k *kind) read(language string, data []byte) (map[string]string, error) {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(data, &given); err != nil {
		return nil, errs.Invalid.Errorf("want a JSON object").On("data")
	}
	for name := range given {
		if _, known := k.data[name]; !known {
			return nil, errs.Invalid.Errorf("is nothing that this notice tells").On("data." + name)
		}
	}
	words := make(map[string]string, len(k.data)+1)
	for name, s := range k.data {
		raw, there := given[name]
		if !there {
			return nil, errs.Invalid.Errorf("is missing").On("data." + name)
		}
		word, err := s.write(language, raw)
		if err != nil {
			return nil, errs.Invalid.Errorf("%v", err).On("data." + name)
		}
		words[name] = word
	}
	return words, nil
}

func (s sort) write(language string, raw json.RawMessage) (string, error) {
	switch s {
	case number:
		n, err := strconv.Atoi(string(raw))
		if err != nil || n < 1 || n > maxNumber {
			return "", fmt.Errorf("want a whole number, 1 to %d", maxNumber)
		}
		return group(strconv.Itoa(n)), nil
	case money:
		return writeMoney(language, raw)
	}
	var word string
	if err := json.Unmarshal(raw, &word); err != nil {
		return "", fmt.Errorf("want a string")
	}
	switch {
	case s == date:
		return writeDate(language, word)
	case s == digits && (len(word) < 4 || len(word) > 8 || strings.Trim(word, "0123456789") != ""):
		return "", fmt.Errorf("want 4 to 8 digits")
	case s == text && !isLine(word):
		return "", fmt.Errorf("want 1 to %d characters on one line", maxText)
	}
	return word, nil
}

func isLine(word string) bool {
	return word != "" && utf8.ValidString(word) && utf8.RuneCountInString(word) <= maxText &&
		!strings.ContainsFunc(word, unicode.IsControl) && strings.TrimSpace(word) == word
}

func writeDate(language, word string) (string, error) {
	day, err := time.Parse(time.DateOnly, word)
	if err != nil {
		return "", fmt.Errorf("want a date, YYYY-MM-DD")
	}
	if language == English {
		return day.Format("2 January 2006"), nil
	}
	return day.Format("2006年1月2日"), nil
}

// signs are how Chinese writes amounts; other assets stand by their code.
var signs = map[string]string{"CNY": "¥", "USD": "US$", "HKD": "HK$", "EUR": "€"}

func writeMoney(language string, raw json.RawMessage) (string, error) {
	var read struct { // pointers tell what is missing from what is 0
		Asset string `json:"asset"`
		Minor *int64 `json:"minor,string"`
		Scale *uint8 `json:"scale"`
	}
	reader := json.NewDecoder(bytes.NewReader(raw))
	reader.DisallowUnknownFields()
	if err := reader.Decode(&read); err != nil || read.Asset == "" || read.Minor == nil || read.Scale == nil ||
		*read.Scale > maxScale || *read.Minor < -maxMinor || *read.Minor > maxMinor {
		return "", fmt.Errorf(`want an amount like {"asset": "CNY", "minor": "123450", "scale": 2}`)
	}
	m := Money{read.Asset, *read.Minor, *read.Scale}
	if !slices.ContainsFunc([]byte(m.Asset), func(c byte) bool { return (c < 'A' || c > 'Z') && (c < '0' || c > '9') }) && len(m.Asset) <= 16 {
		return m.write(language), nil
	}
	return "", fmt.Errorf("the asset %.20q is no code", m.Asset)
}

func (m Money) write(language string) string {
	minus, minor := "", strconv.FormatInt(m.Minor, 10)
	if m.Minor < 0 {
		minus, minor = "-", minor[1:]
	}
	if zeros := int(m.Scale) + 1 - len(minor); zeros > 0 {
		minor = strings.Repeat("0", zeros) + minor
	}
	point := len(minor) - int(m.Scale)
	amount := group(minor[:point])
	if m.Scale > 0 {
		amount += "." + minor[point:]
	}
	if sign := signs[m.Asset]; sign != "" && language == Chinese {
		return minus + sign + amount
	}
	return m.Asset + " " + minus + amount
}

// group puts a comma before every third digit from the right.
func group(number string) string {
	for i := len(number) - 3; i > 0; i -= 3 {
		number = number[:i] + "," + number[i:]
	}
	return number
}
