package app

import "github.com/prometheus/client_golang/prometheus"

var (
	appliedDesc = prometheus.NewDesc("longmen_ledger_sequence", "Last sequence that was applied.", []string{"ledger"}, nil)
	historyDesc = prometheus.NewDesc("longmen_ledger_projected", "Last sequence that history has.", []string{"ledger"}, nil)
	waitingDesc = prometheus.NewDesc("longmen_ledger_waiting", "Commands that wait for a sequence.", []string{"ledger"}, nil)
)

// Describe names the metrics of ledgers.
func (b *backend) Describe(to chan<- *prometheus.Desc) {
	to <- appliedDesc
	to <- historyDesc
	to <- waitingDesc
}

// Collect tells where each ledger stands.
func (b *backend) Collect(to chan<- prometheus.Metric) {
	db := b.db.Load()
	if db == nil {
		return
	}
	for _, l := range db.Node().Ledgers() {
		to <- prometheus.MustNewConstMetric(appliedDesc, prometheus.GaugeValue, float64(l.Applied()), l.Name())
		to <- prometheus.MustNewConstMetric(historyDesc, prometheus.GaugeValue, float64(l.Projected()), l.Name())
		to <- prometheus.MustNewConstMetric(waitingDesc, prometheus.GaugeValue, float64(l.Waiting()), l.Name())
	}
}
