# Runs one PostgreSQL, and outlives whoever started it just long enough to clean up.
#
# Standard input is a pipe that the starter holds open: when it ends, however that came about, PostgreSQL
# is stopped with the signal $2 and the run folder $1 is removed. $3 is the data folder and $4 the archive it
# is unpacked from when it is not there yet; the rest is the command. Standard output is the lock of a data folder
# that stays: it is held until everything here has ended.
run=$1 signal=$2 data=$3 template=$4
shift 4
umask 022
mkdir "$run" || exit 1
if ! [ -e "$data/mizzle.complete" ]; then
    umask 077
    mkdir -p "$data"
    # The mark comes last: what was interrupted begins again.
    { tar -xf "$template" -C "$data" && { [ "$signal" = QUIT ] || sync; } && : >"$data/mizzle.complete"; } >"$run/postgres.log" 2>&1 || code=1
fi
if [ -z "$code" ]; then
    exec 3<&0
    "$@" </dev/null >>"$run/postgres.log" 2>&1 3<&- &
    server=$!
    # A shell starts its background jobs with these signals ignored, so one that comes before PostgreSQL listens
    # for it is lost: it is sent until PostgreSQL is gone.
    { read -r _ <&3; while kill "-$signal" "$server"; do sleep 0.1 || sleep 1; done; } >/dev/null 2>&1 &
    watch=$!
    wait "$server"
    code=$?
    kill "$watch" 2>/dev/null
fi
# The starter sees this file, reads the log of a server that would not start, and lets go of the pipe.
echo "$code" >"$run/stopped"
read -r _
rm -rf "$run"
exit "$code"
