#!/usr/bin/env bash
# Records what programs still compile, as the lists that ReadyToRun.targets gives to the compiler, beside this: start-methods.txt, until the first result of a job;
# job-methods.txt, what small jobs over texts and numbers need after that. Record again when StartTests says so.
# Takes a build without the lists, a few starts and jobs, and leaves the build that it made: build again afterwards.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

lists=eng/ReadyToRun
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# The runtime may crash at its end, when it has closed the list and still compiles.
run() {
  DOTNET_JitStdOutFile="$logs/$1" DOTNET_JitDisasmSummary=1 dotnet artifacts/bin/Workloads/release/Dpark.Orleans.Workloads.dll "${@:2}" || [ -s "$logs/$1" ]
}

# Generics only, without those of the program itself and of what is emitted.
names() {
  sed -E 's/^ *[0-9]+: JIT compiled //; s/ \[[^]]*IL size=[^]]*\]$//' "$1" |
    grep -E '[`[]' | grep -v -E '^\(dynamicClass\)|IL_STUB|Dpark\.(Workloads|Baselines)|System\.CommandLine|^Program|^I[A-Za-z]+\.[0-9]+' | LC_ALL=C sort -u
}

touch eng/ReadyToRun.targets
dotnet build benchmarks/Workloads -c Release -v q -p:StartMethods=
for _ in 1 2 3 4 5; do
  # What runs when differs from start to start.
  run start --first-result-child engine
done

run jobs --only W1,W2,W3,W4,W5,W6 --size smoke --rounds 1
run jobs --only W3,W4,W5 --rounds 1

names "$logs/start" >$lists/start-methods.txt

# What is compiled first, and not what is compiled again because it is called often; and nothing so short that its callers have it in them.
grep -E '\[(Tier0|FullOpts)' "$logs/jobs" | grep -v -E 'IL size=([0-9]|1[0-5])[],]' >"$logs/first"
names "$logs/first" | LC_ALL=C comm -23 - $lists/start-methods.txt >$lists/job-methods.txt
wc -l $lists/*.txt
touch eng/ReadyToRun.targets
