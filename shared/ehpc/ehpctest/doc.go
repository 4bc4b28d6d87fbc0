// Package ehpctest is an E-HPC endpoint in process, for tests and for the
// local run.
//
// It speaks ListCommunityImages, ListClusters and ListRegions of version
// 2018-04-12 in both signature versions, checks every signature, answers with the
// bodies, codes and statuses of E-HPC, and counts the calls. The data come from a
// Data: Fixed for exact answers, Simulation for a fleet that changes, with or without a
// past, Sized for benchmarks. A hook decides about faults.
package ehpctest
