#pragma warning disable IDE0005 // Projects that do not use the name get it as well.
global using StableHash = Dpark.Partitioning.StableHash;
#pragma warning restore IDE0005
