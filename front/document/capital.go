package document

import "strings"

var (
	digitsCapital = []rune("零壹贰叁肆伍陆柒捌玖")
	digitsPlain   = []rune("〇一二三四五六七八九")
)

// capital writes an amount of CNY in fen as contracts and cheques do (大写): 1,003.50 is 壹仟零叁元伍角整.
func capital(fen int64) string {
	if fen < 0 {
		return "负" + capital(-fen)
	}
	yuan, jiao, cent := fen/100, fen/10%10, fen%10
	var b strings.Builder
	switch {
	case yuan > 0:
		b.WriteString(whole(yuan) + "元")
	case fen == 0:
		return "零元整"
	}
	if jiao > 0 {
		b.WriteString(string(digitsCapital[jiao]) + "角")
	} else if cent > 0 && yuan > 0 {
		b.WriteString("零")
	}
	if cent > 0 {
		return b.String() + string(digitsCapital[cent]) + "分"
	}
	return b.String() + "整"
}

// whole writes a number above 0 by 亿 and 万. A gap of zeros before what follows is one 零.
func whole(n int64) string {
	switch {
	case n >= 1_0000_0000:
		return whole(n/1_0000_0000) + "亿" + tail(n%1_0000_0000, 1000_0000)
	case n >= 1_0000:
		return four(n/1_0000) + "万" + tail(n%1_0000, 1000)
	}
	return four(n)
}

func tail(n, full int64) string {
	switch {
	case n == 0:
		return ""
	case n < full:
		return "零" + whole(n)
	}
	return whole(n)
}

// four writes 1 to 9999.
func four(n int64) string {
	out, gap := "", false
	for _, unit := range []string{"", "拾", "佰", "仟"} {
		digit := n % 10
		n /= 10
		switch {
		case digit > 0:
			if gap && out != "" {
				out = "零" + out
			}
			out, gap = string(digitsCapital[digit])+unit+out, false
		default:
			gap = true
		}
		if n == 0 {
			break
		}
	}
	return out
}

// ordinal writes 1 to 99 as clauses are numbered: 一, 十, 二十一.
func ordinal(n int) string {
	tens, ones := n/10, n%10
	out := ""
	if tens > 1 {
		out = string(digitsPlain[tens])
	}
	if tens > 0 {
		out += "十"
	}
	if ones > 0 {
		out += string(digitsPlain[ones])
	}
	return out
}
