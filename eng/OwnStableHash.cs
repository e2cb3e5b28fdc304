global using StableHash = Dpark.Partitioning.StableHash;
