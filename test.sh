#!/usr/bin/env bash
# Builds everything and runs every test. Installs what tests need where it can. The last line is "N passed, N failed, N skipped".
# Exit code: 0 if all passed, 1 if a test or the build failed.
# With DPARK_ORLEANS_RUNTIME=Microsoft, the same on the official Orleans packages, where those restore; the tests of our own runtime are left out then.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1

# Shells start what they run in the background with Ctrl-C ignored, and so would be all processes of the tests, also those that are to end by it.
ignored=$(sed -n 's/^SigIgn:[[:space:]]*//p' /proc/self/status 2>/dev/null)
if [ -z "${DPARK_TEST_SIGNALS:-}" ] && (( 16#${ignored:-0} & 2 )) && env --default-signal=INT true 2>/dev/null; then
  DPARK_TEST_SIGNALS=reset exec env --default-signal=INT bash "./${BASH_SOURCE[0]##*/}" "$@"
fi

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
configuration=Release
runtime=${DPARK_ORLEANS_RUNTIME:-Embedded}
case "$runtime" in
  Embedded) output=artifacts ;;
  Microsoft) output=artifacts-microsoft ;;
  *) echo "DPARK_ORLEANS_RUNTIME is '$runtime'. Set Embedded (default) or Microsoft."; exit 1 ;;
esac
hang_timeout=5m
tools=(redis-server lz4 awk gzip)
declare -A packages=([redis-server]=redis-server [lz4]=lz4 [awk]=mawk [gzip]=gzip)

missing_tools() {
  local tool
  for tool in "${tools[@]}"; do
    command -v "$tool" >/dev/null 2>&1 || echo "$tool"
  done
}

# Runs apt-get as root, never asking anything. Fails where that is not possible.
apt() {
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true >/dev/null 2>&1 || return 1
    as_root=(sudo -n)
  fi

  timeout 300 "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=60 "$@" </dev/null >/dev/null 2>&1
}

install_tools() {
  local missing tool wanted=()
  mapfile -t missing < <(missing_tools)
  [ "${#missing[@]}" -gt 0 ] || return 0

  for tool in "${missing[@]}"; do
    wanted+=("${packages[$tool]}")
  done

  if command -v apt-get >/dev/null 2>&1; then
    echo "Installing ${wanted[*]}"
    apt install -y --no-install-recommends "${wanted[@]}" ||
      { apt update && apt install -y --no-install-recommends "${wanted[@]}"; }
  fi

  for tool in $(missing_tools); do
    echo "$tool is missing and could not be installed: the tests that need it will be skipped."
  done
}

# The test projects of the solution, as paths of their projects.
test_projects() {
  local project
  dotnet sln Dpark.Orleans.sln list | tr -d '\r' | grep '\.csproj$' | while read -r project; do
    [ "$runtime" = Microsoft ] && [ "$(basename "$project")" = Embedded.Tests.csproj ] && continue
    grep -q '<IsTestProject>true</IsTestProject>' "$project" && echo "$project"
  done
}

# Everything, or what can be built on the official packages: not our own runtime.
projects_to_build() {
  [ "$runtime" = Embedded ] && echo Dpark.Orleans.sln && return
  dotnet sln Dpark.Orleans.sln list | tr -d '\r' | grep '\.csproj$' | grep -v Embedded
}

build() {
  local project
  for project in $(projects_to_build); do
    dotnet build "$project" -c "$configuration" -p:OrleansRuntime="$runtime" -v quiet || return 1
  done
}

# Adds the counters of one result file to the totals.
add_counters() {
  local counters total executed
  counters=$(grep -o '<Counters [^>]*>' "$1" 2>/dev/null) || return 1
  total=$(attribute total "$counters")
  executed=$(attribute executed "$counters")
  passed=$((passed + $(attribute passed "$counters")))
  failed_here=$((executed - $(attribute passed "$counters")))
  failed=$((failed + failed_here))
  skipped=$((skipped + total - executed))
}

attribute() {
  sed -E "s/.* $1=\"([0-9]+)\".*/\1/" <<<"$2"
}

install_tools

if ! build; then
  echo "The build failed; no test was run."
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi

# Runs dotnet test on an assembly and leaves the result file NAME/NAME.trx.
run_assembly() {
  local name=$1 assembly=$2
  shift 2
  dotnet test "$assembly" "$@" \
    --logger "console;verbosity=minimal" --logger "trx;LogFileName=$name.trx" --results-directory "$results/$name" \
    --blame-hang-timeout "$hang_timeout" --blame-hang-dump-type none </dev/null
}

# The methods of the failed tests of a result file, one a line.
failed_methods() {
  grep '<UnitTestResult ' "$1" | grep 'outcome="Failed"' | sed -E 's/.* testName="([^"(]+).*/\1/' | sort -u
}

# Some tests have processes killed and hold limits of time; on a machine that stands still for a moment a right program can miss them. The few that failed run once more, alone:
# what fails again has failed; what passes is named as unstable, with its first failure above, and counts as passed. More than that is no matter of a moment.
repeat_failed() {
  local name=$1 assembly=$2 methods
  mapfile -t methods < <(failed_methods "$results/$name/$name.trx")
  [ "${#methods[@]}" -gt 0 ] && [ "${#methods[@]}" -le "$repeated_at_most" ] || return 0

  echo "Repeating ${methods[*]}"
  run_assembly "$name-repeated" "$assembly" --filter "$(printf '|FullyQualifiedName=%s' "${methods[@]}" | cut -c 2-)" || return 0
  [ "$(executed_in "$results/$name-repeated/$name-repeated.trx")" -ge "$failed_here" ] || return 0

  unstable+=("${methods[@]}")
  passed=$((passed + failed_here))
  failed=$((failed - failed_here))
}

executed_in() {
  attribute executed "$(grep -o '<Counters [^>]*>' "$1")"
}

# Runs the tests of an assembly and adds what came of it. Further arguments go to dotnet test.
run_tests() {
  local name=$1 assembly=$2 started=$SECONDS code
  failed_here=0
  run_assembly "$@"
  code=$?

  # A host that crashed or hung leaves no failed test behind, or no file at all.
  if ! add_counters "$results/$name/$name.trx" && [ "$code" -eq 0 ]; then
    echo "$name has no tests."
  elif [ "$code" -ne 0 ] && [ "$failed_here" -eq 0 ]; then
    echo "$name ended with exit code $code and no failed test: its host crashed or hung."
    failed=$((failed + 1))
  elif [ "$failed_here" -gt 0 ]; then
    repeat_failed "$name" "$assembly"
  fi

  echo "$name took $((SECONDS - started)) s."
}

passed=0 failed=0 skipped=0
repeated_at_most=3
unstable=()
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

# One project after the other: the tests of time limits need the cores for themselves.
for project in $(test_projects); do
  name=$(basename "$project" .csproj)
  run_tests "$name" "$output/bin/$name/${configuration,,}/Dpark.Orleans.$name.dll" --filter "Hosting!=Process"
done

# Once more as on a processor without the wider vectors, what has loops of their own for these.
DOTNET_EnableAVX2=0 run_tests Core.Tests-narrow "$output/bin/Core.Tests/${configuration,,}/Dpark.Orleans.Core.Tests.dll" \
  --filter "FullyQualifiedName~.Codecs.|FullyQualifiedName~Hash|FullyQualifiedName~.Text.|FullyQualifiedName~.Shuffle.Dense|FullyQualifiedName~.Shuffle.FrameSum|FullyQualifiedName~.Shuffle.TextShuffle|FullyQualifiedName~.Shuffle.Grouping|FullyQualifiedName~.Rdds.Emitter"

# Once more over sockets, those that a network can change. For all of them, set the variable and run dotnet test.
conformance="$output/bin/Conformance/${configuration,,}/Dpark.Orleans.Conformance.dll"
DPARK_CONFORMANCE_HOSTING=tcp run_tests Conformance-tcp "$conformance" \
  --filter "Hosting!=Process&(FullyQualifiedName~.Calls.|FullyQualifiedName~.Observers.|FullyQualifiedName~.Membership.|FullyQualifiedName~.Activations.)"

# And with each silo as a process: what can be killed or suspended, and what must not depend on a shared process.
DPARK_CONFORMANCE_HOSTING=process run_tests Conformance-process "$conformance" \
  --filter "Hosting!=InProcess&(FullyQualifiedName~.Membership.SiloLossTests|FullyQualifiedName~.Membership.ProcessLossTests|FullyQualifiedName~.Calls.ExceptionTests|FullyQualifiedName~.Calls.ArgumentCopyTests|FullyQualifiedName~.Calls.OneWayTests|FullyQualifiedName~.Calls.CancellationTests|FullyQualifiedName~.Calls.RequestContextTests|FullyQualifiedName~.Identity.GrainReferenceTests|FullyQualifiedName~.Observers.ObserverTests|FullyQualifiedName~.Placement.PlacementTests|FullyQualifiedName~.Activations.MovingGrainTests)"

for method in "${unstable[@]}"; do
  echo "Unstable: $method failed and passed when it was repeated alone."
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
