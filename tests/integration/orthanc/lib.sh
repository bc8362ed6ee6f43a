# A throw-away Orthanc with our plugin, on loopback in a network namespace of its own, and what the tests
# ask it. Sourced. Version 1.10.1 always listens on all addresses, hence the namespace.

# shellcheck source=../../support/material.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../support/material.sh"

fail() {
    echo "orthanc: $*" >&2
    [ -f "$folder/orthanc.log" ] && tail -n 40 "$folder/orthanc.log" >&2
    exit 1
}
skip() { echo "orthanc: skipped: $*"; exit 77; }

require_tools() {
    local tool
    for tool in curl dcmsend dcmdump unshare nsenter ip python3; do
        command -v "$tool" >/dev/null || skip "$tool is not installed"
    done
    orthanc=$(PATH=$PATH:/usr/sbin command -v Orthanc) || skip "Orthanc is not installed"
    unshare -n ip link set lo up 2>/dev/null || skip "cannot make a network namespace"
}

# Seconds until Orthanc calls a study stable: longer than any pause between two instances sent, or else a
# study is classified in parts.
stable_age=3
[ -z "$preload" ] || stable_age=8

# Locale and MallocArenaMax are what Orthanc needs to run under AddressSanitizer.
# start_orthanc PLUGIN.so [JSON of the Medtl section] [further JSON, beginning with a comma]
start_orthanc() {
    local section=${2-}
    [ -n "$section" ] || section='{}'
    rm -rf "$folder/db"
    cat >"$folder/orthanc.json" <<JSON
{
  "Name": "test", "StorageDirectory": "$folder/db", "IndexDirectory": "$folder/db",
  "HttpPort": 18042, "DicomPort": 14242, "RemoteAccessAllowed": false, "AuthenticationEnabled": false,
  "Locale": "C", "MallocArenaMax": 0, "DicomAet": "ORTHANC", "DicomCheckCalledAet": false, "DicomAlwaysAllowStore": true,
  "StableAge": $stable_age, "OverwriteInstances": true,
  "Plugins": [ "$1" ], "Medtl": $section ${3:-}
}
JSON
    # The program under exec keeps the process id, so that nsenter finds the namespace and kill the server.
    # A plugin with AddressSanitizer needs its run time before all else; what Orthanc leaks is not ours.
    unshare -n sh -c 'ip link set lo up; exec "$@"' sh \
        env LD_PRELOAD="$preload" ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 \
        "$orthanc" --verbose "$folder/orthanc.json" >"$folder/orthanc.log" 2>&1 &
    server=$!
    await "Orthanc to start" get /system
}

# Is it still there ten seconds later? Then end it.
hung() {
    for _ in $(seq 20); do
        sleep 0.5
        kill -0 "$server" 2>/dev/null || return 1
    done
    kill -9 "$server" 2>/dev/null
}
stop_orthanc() {
    local started=$SECONDS code=0
    kill "$server"
    # Orthanc 1.10.1 can hang after its last line, in the exit handlers of a library of its own (p11-kit waits for
    # glibc's locale lock; seen under AddressSanitizer): by then the plugin is gone and has been judged.
    for _ in $(seq 600); do
        kill -0 "$server" 2>/dev/null || break
        if tail -n 3 "$folder/orthanc.log" | grep -q 'Orthanc has stopped' && hung; then
            wait "$server" 2>/dev/null || true
            echo "the server had stopped and then hung in its exit handlers; killed"
            server=
            stopped_after=$((SECONDS - started - 10))
            return 0
        fi
        sleep 0.2
    done
    wait "$server" || code=$?
    server=
    [ $code = 0 ] || fail "the server ended with $code"
    stopped_after=$((SECONDS - started))
}

inside() { nsenter -t "$server" -n "$@"; }
get() { inside curl -sf "http://127.0.0.1:18042$1"; }
post() { inside curl -s -X POST -d '' -w '\n%{http_code}\n' "http://127.0.0.1:18042$1"; }
# As it is: dcmsend would decompress what is lossless.
send() { inside dcmsend -aet TEST -aec ORTHANC 127.0.0.1 14242 --decompress-never --scan-directories --recurse "$1" >"$folder/dcmsend.log" 2>&1 ||
    { cat "$folder/dcmsend.log"; fail "dcmsend failed"; }; }

# json EXPRESSION: evaluate a Python expression over standard input, parsed as `d`.
json() { python3 -c 'import json, sys; d = json.load(sys.stdin); print('"$1"')'; }
status() { get /medtl/status | json "$1"; }

require_ready() { [ "$(status 'd["State"]')" = Ready ] || fail "not ready: $(status 'd["Reason"]')"; }

# await WHAT COMMAND...: until the command succeeds. The limit is there to end a test that hangs; a busy
# machine with sanitizers needs much of it.
await() {
    local seconds=300 what=$1 end=$((SECONDS + 300))
    shift
    until "$@" >/dev/null 2>&1; do
        kill -0 "$server" 2>/dev/null || fail "the server is gone while waiting for $what"
        [ $SECONDS -lt $end ] || fail "waited $seconds s for $what"
        sleep 0.2
    done
}

# Orthanc's identifiers of a study's reports.
reports_of() {
    get "/studies/$1/series" |
        json '"\n".join(i for s in d if s["MainDicomTags"]["Modality"] == "SR" for i in s["Instances"])'
}
report_count() { reports_of "$1" | grep -c . || true; }
has_reports() { [ "$(report_count "$1")" = "$2" ]; }
# Jobs have ended, and none waits or runs.
is_idle() { [ "$(status 'd["Queue"]["Waiting"] + d["Queue"]["Running"]')" = 0 ]; }
jobs_ended() { is_idle && [ "$(status 'sum(d["Jobs"][k] for k in ("Done", "Failed", "Cancelled"))')" -ge "$1" ]; }
