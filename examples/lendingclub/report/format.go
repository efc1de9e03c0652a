package report

import (
	"strconv"
	"strings"
	"time"
)

// Count writes a number with commas between thousands.
func Count(n int64) string {
	sign := ""
	digits := strconv.FormatInt(n, 10)
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Money writes cents as dollars.
func Money(cents int64) string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	rest := strconv.FormatInt(cents%100+100, 10)[1:]
	return sign + "$" + Count(cents/100) + "." + rest
}

// Span writes how long something took.
func Span(seconds float64) string {
	if seconds < 60 {
		return strconv.FormatFloat(seconds, 'f', 1, 64) + " s"
	}
	whole := int64(seconds + 0.5)
	return strconv.FormatInt(whole/60, 10) + " min " + strconv.FormatInt(whole%60, 10) + " s"
}

// Left writes the time that is left, as minutes and seconds.
func Left(d time.Duration) string {
	whole := int64(d.Round(time.Second) / time.Second)
	seconds := strconv.FormatInt(whole%60+100, 10)[1:]
	return strconv.FormatInt(whole/60, 10) + ":" + seconds
}

// Rate writes how many a second.
func Rate(n int64, seconds float64) string {
	if seconds <= 0 {
		return "-"
	}
	return Count(int64(float64(n) / seconds))
}

// percent writes hundredths of a percent.
func percent(hundredths int64) string {
	return strconv.FormatInt(hundredths/100, 10) + "." + strconv.FormatInt(hundredths%100+100, 10)[1:] + "%"
}

// cents writes a distance, cut off and never rounded up: what is below a cent must not look like one.
func cents(d Distance) string {
	text := strconv.FormatFloat(d.Cents, 'f', 12, 64)
	return text[:strings.IndexByte(text, '.')+5]
}

// left and right pad to a width.
func left(s string, width int) string { return s + strings.Repeat(" ", max(0, width-len(s))) }

func right(s string, width int) string { return strings.Repeat(" ", max(0, width-len(s))) + s }

// cut keeps a text within a width.
func cut(s string, width int) string {
	if len(s) <= width {
		return s
	}
	return s[:width-3] + "..."
}
