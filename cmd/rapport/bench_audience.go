package main

import (
	"context"
	"time"
)

// imports measures a file of customers, read, checked and written, its report
// included.
func (b *bench) imports(ctx context.Context) ([]figure, error) {
	people := b.sizes.People
	took, err := b.importPeople(ctx, 0, people)
	if err != nil {
		return nil, err
	}
	again, err := b.importPeople(ctx, 0, people)
	if err != nil {
		return nil, err
	}
	bare, err := b.Store.BareCustomers(ctx, time.Now)
	if err != nil {
		return nil, err
	}
	rate := float64(people) / bare.Seconds()
	fresh := measured("import of customers, report included", people, took).against("INSERT … SELECT of the same rows", rate)
	if b.onPostgres() {
		fresh = fresh.rate(25_000)
	}
	return []figure{fresh, measured("the same file once more, nothing new in it", people, again)}, nil
}

// enter measures an audience entering the ledger, and its journeys' ends.
func (b *bench) enter(ctx context.Context) ([]figure, error) {
	people := b.sizes.People
	if err := b.populate(ctx, people); err != nil {
		return nil, err
	}
	if err := b.occur(ctx, "everybody"); err != nil {
		return nil, err
	}
	began := time.Now()
	if err := b.enterAll(ctx); err != nil {
		return nil, err
	}
	entered := measured("entering an audience", b.known, time.Since(began))
	bare, err := b.Store.BareInsert(ctx, "everybody", time.Now)
	if err != nil {
		return nil, err
	}
	began = time.Now()
	if err := b.finish(ctx); err != nil {
		return nil, err
	}
	return []figure{
		entered.against("INSERT … SELECT of the same rows", float64(b.known)/bare.Seconds()).share(0.5),
		measured("journeys of one step walked to their end", b.known, time.Since(began)),
	}, nil
}
