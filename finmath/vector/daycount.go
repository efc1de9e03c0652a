package vector

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/longmen/longmen/finmath/daycount"
)

type dayQuestion struct {
	Start      text `json:"start"`
	End        text `json:"end"`
	Convention text `json:"convention"`
}

// daycounts answers with the fraction of a year by one convention, or with the days by every convention.
func daycounts(line []byte) (any, error) {
	var q dayQuestion
	if err := json.Unmarshal(line, &q); err != nil {
		return nil, err
	}
	start, err := q.Start.date("start")
	if err != nil {
		return nil, err
	}
	end, err := q.End.date("end")
	if err != nil {
		return nil, err
	}
	if q.Convention == "" {
		days := map[string]int{"actual": int(end - start)}
		for _, c := range daycount.Conventions() {
			days[c.String()] = c.Days(start, end)
		}
		return map[string]any{"days": days}, nil
	}
	c, err := daycount.Parse(string(q.Convention))
	if err != nil {
		return nil, unsupported("%w", err)
	}
	var as []string
	for _, p := range c.Parts(start, end) {
		year := strconv.Itoa(p.Year/100) + "."
		if rest := p.Year % 100; rest != 0 {
			year += fmt.Sprintf("%02d", rest)
		}
		as = append(as, fmt.Sprintf("%d./%s", p.Days, year))
	}
	return map[string]any{
		"year_fraction": float(c.Years(start, end)), "as": strings.Join(as, " + "), "days": c.Days(start, end),
	}, nil
}
