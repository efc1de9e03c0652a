package bench

import (
	"context"

	"github.com/longmen/longmen/store/storetest"
)

// postgres gives an empty database: the one that the options name, or one of a server that is thrown away afterwards.
func (b *bench) postgres(ctx context.Context) (string, error) {
	if b.options.DSN != "" {
		return b.options.DSN, nil
	}
	cluster, err := storetest.Start(ctx)
	if err != nil {
		return "", err
	}
	b.after(cluster.Remove)
	return cluster.CreateDatabase(ctx)
}
