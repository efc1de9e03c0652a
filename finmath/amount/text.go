package amount

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// MaxDigits is the most digits after the point that an amount may have.
const MaxDigits = 6

// ErrText says that a text is not an amount.
var ErrText = errors.New("not an amount")

// Parse reads a decimal such as 100.50 in minor units of so many digits. More digits than that must be zeros: nothing is
// rounded while reading.
func Parse(text string, digits int) (int64, error) {
	if digits < 0 || digits > MaxDigits {
		return 0, fmt.Errorf("%w: %d digits after the point, take 0 to %d", ErrText, digits, MaxDigits)
	}
	if len(text) > 64 {
		return 0, fmt.Errorf("%w: %d characters, at most 64", ErrText, len(text))
	}
	d, _, err := apd.NewFromString(strings.TrimSpace(text))
	if err != nil || d.Form != apd.Finite || d.Exponent > 18 || d.Exponent < -60 {
		return 0, fmt.Errorf("%w: %.64q", ErrText, text)
	}
	x := new(big.Rat).SetInt(d.Coeff.MathBigInt())
	scale := int64(d.Exponent) + int64(digits)
	ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(max(scale, -scale)), nil)
	if scale < 0 {
		x.Quo(x, new(big.Rat).SetInt(ten))
	} else {
		x.Mul(x, new(big.Rat).SetInt(ten))
	}
	if !x.IsInt() {
		return 0, fmt.Errorf("%w: %.64q has more than %d digits after the point", ErrText, text, digits)
	}
	if !x.Num().IsInt64() || x.Num().Int64() > Max {
		return 0, fmt.Errorf("%w: %.64q: %w", ErrText, text, ErrRange)
	}
	if d.Negative {
		return -x.Num().Int64(), nil
	}
	return x.Num().Int64(), nil
}

// Format writes minor units with so many digits after the point.
func Format(minor int64, digits int) string {
	if digits <= 0 {
		return strconv.FormatInt(minor, 10)
	}
	sign, size := "", uint64(minor)
	if minor < 0 {
		sign, size = "-", -size
	}
	text := strconv.FormatUint(size, 10)
	if missing := digits + 1 - len(text); missing > 0 {
		text = strings.Repeat("0", missing) + text
	}
	at := len(text) - digits
	return sign + text[:at] + "." + text[at:]
}
