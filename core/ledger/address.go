package ledger

import (
	"fmt"
	"strings"
)

// CheckAddress reports why s can't be the address of an account or a register: one to eight segments of a-z, 0-9 and
// hyphen, joined by colons. A segment that is a valid identity number of a person (GB 11643) is refused, because
// personal data must never enter the journal.
func CheckAddress(s string) error {
	if s == "" {
		return fmt.Errorf("address is empty")
	}
	if len(s) > MaxAddress {
		return fmt.Errorf("address has %d characters, at most %d are allowed", len(s), MaxAddress)
	}
	segments, start := 0, 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i] != ':' {
			if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				return fmt.Errorf("address %q: character %q is not a-z, 0-9 or hyphen", s, c)
			}
			continue
		}
		segment := s[start:i]
		segments++
		switch {
		case segment == "":
			return fmt.Errorf("address %q has an empty segment", s)
		case len(segment) > MaxSegment:
			return fmt.Errorf("address %q: a segment has %d characters, at most %d are allowed", s, len(segment), MaxSegment)
		case isIdentityNumber(segment):
			return fmt.Errorf("address holds a personal identity number: use a number of your own instead")
		}
		start = i + 1
	}
	if segments > MaxSegments {
		return fmt.Errorf("address %q has %d segments, at most %d are allowed", s, segments, MaxSegments)
	}
	return nil
}

// isIdentityNumber follows GB 11643: 17 digits of which six to thirteen are a date of birth, and a check digit by
// ISO 7064 MOD 11-2.
func isIdentityNumber(s string) bool {
	if len(s) != 18 {
		return false
	}
	sum, weight := 0, 1
	for i := 16; i >= 0; i-- {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		weight = weight * 2 % 11
		sum += int(s[i]-'0') * weight
	}
	number := func(from, to int) int {
		n := 0
		for _, c := range s[from:to] {
			n = n*10 + int(c-'0')
		}
		return n
	}
	year, month, day := number(6, 10), number(10, 12), number(12, 14)
	if year < 1850 || year > 2150 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return false
	}
	return s[17] == "10x98765432"[sum%11]
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// checkSegment is the rule for a name that stands alone: a tranche's.
func checkSegment(s string) error {
	if strings.Contains(s, ":") {
		return fmt.Errorf("name %q: a colon is not allowed", s)
	}
	return CheckAddress(s)
}

// checkAssetCode allows one to twelve of A-Z, 0-9 and hyphen, beginning with a letter.
func checkAssetCode(field, s string) error {
	if len(s) < 1 || len(s) > 12 || s[0] < 'A' || s[0] > 'Z' {
		return fmt.Errorf("%s: %q: want 1 to 12 characters of A-Z, 0-9 and hyphen, a letter first", field, s)
	}
	for i := range len(s) {
		if c := s[i]; (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return fmt.Errorf("%s: %q: character %q is not A-Z, 0-9 or hyphen", field, s, c)
		}
	}
	return nil
}
