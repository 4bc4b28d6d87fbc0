// Package ehpctest is an E-HPC endpoint in process, for tests and for the
// local run.
//
// It speaks ListCommunityImages, ListClusters and ListRegions of version
// 2018-04-12 in both dialects, checks every signature, answers with E-HPC's
// own bodies, codes and statuses, and counts what it was asked. What it tells
// comes from a Data: Fixed for exact answers, World for a fleet that lives,
// Sized for benchmarks. What goes wrong is up to a fault hook.
package ehpctest
