#!/usr/bin/env bash
# Records what a program still compiles when it starts and runs its first job, as the list that ReadyToRun.targets gives to the compiler: start-methods.txt beside this.
# Record again when StartTests says so. Takes a build without the list, a few starts, and leaves the build that it made: build again afterwards.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

list=eng/ReadyToRun/start-methods.txt
log=$(mktemp)
trap 'rm -f "$log"' EXIT

touch eng/ReadyToRun.targets
dotnet build benchmarks/Workloads -c Release -v q -p:StartMethods=
for _ in 1 2 3 4 5; do
  # What runs when differs from start to start. The runtime may crash at its end, when it has closed the list and still compiles.
  DOTNET_JitStdOutFile="$log" DOTNET_JitDisasmSummary=1 dotnet artifacts/bin/Workloads/release/Dpark.Orleans.Workloads.dll --first-result-child engine || [ -s "$log" ]
done

# Generics only, without those of the program itself and of what is emitted.
sed -E 's/^ *[0-9]+: JIT compiled //; s/ \[[^]]*IL size=[^]]*\]$//' "$log" |
  grep -E '[`[]' | grep -v -E '^\(dynamicClass\)|IL_STUB|Dpark\.Workloads|^Program' | LC_ALL=C sort -u >"$list"
wc -l "$list"
touch eng/ReadyToRun.targets
