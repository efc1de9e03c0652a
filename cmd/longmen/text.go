package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// table is what people read: columns as wide as their longest cell, those of numbers set to the right.
type table struct {
	head []string // a name that begins with ">" is of a column of numbers
	rows [][]string
}

func newTable(head ...string) *table { return &table{head: head} }

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) print(w io.Writer) error {
	widths, right := make([]int, len(t.head)), make([]bool, len(t.head))
	names := make([]string, len(t.head))
	for i, name := range t.head {
		names[i], right[i] = strings.CutPrefix(name, ">")
	}
	rows := append([][]string{names}, t.rows...)
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if right[i] {
				cell = space + cell
			} else {
				cell += space
			}
			line += cell + "  "
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// pairs prints names with their values, those without one left out.
func pairs(w io.Writer, list ...string) error {
	width := 0
	for i := 0; i < len(list); i += 2 {
		if list[i+1] != "" {
			width = max(width, len(list[i]))
		}
	}
	var b strings.Builder
	for i := 0; i < len(list); i += 2 {
		if list[i+1] != "" {
			fmt.Fprintf(&b, "%-*s  %s\n", width, list[i], list[i+1])
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// unknown is the scale of amounts whose asset is not known.
const unknown = -1

// decimal shows minor units with the asset's point.
func decimal(minor string, scale int) string {
	switch {
	case minor == "" || scale == 0:
		return minor
	case scale == unknown:
		return minor + " minor units"
	}
	digits, negative := strings.CutPrefix(minor, "-")
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale-len(digits)+1) + digits
	}
	shown := digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	if negative {
		return "-" + shown
	}
	return shown
}

// minor reads an amount as it is shown. The point has to stand where the asset has it: whoever writes 100 may mean
// hundredths or a hundred, and is asked.
func minor(shown string, scale int) (string, error) {
	if scale == unknown {
		return "", fmt.Errorf("amount %q: it is not known how many digits its asset has after the point: say --scale", shown)
	}
	whole, part, pointed := strings.Cut(shown, ".")
	digits := whole + part
	if digits == "" || strings.Trim(digits, "0123456789") != "" || whole == "" {
		return "", fmt.Errorf("amount %q: write it like %s", shown, decimal("12345", scale))
	}
	if len(part) != scale || pointed != (scale > 0) {
		return "", fmt.Errorf("amount %q: the asset has %d digits after the point, write it like %s", shown, scale, decimal("12345", scale))
	}
	digits = strings.TrimLeft(digits, "0")
	if digits == "" {
		digits = "0"
	}
	return digits, nil
}

func count(n uint64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}
