# Runs a PostgreSQL server in the folder $1 with the programs in $2, on a socket there and at the address $3, if it is not
# empty. Each line of input is a command, answered by a line:
# "start" or "stop" (at once, as a crash does). The end of input, so also that of the process that started this, ends the
# server and removes its data.
dir=$1 bin=$2 address=$3 server=

start() {
    "$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses="$address" -c max_connections=200 >>"$dir/log" 2>&1 &
    server=$!
    while ! "$bin/pg_isready" -q -h "$dir"; do
        kill -0 "$server" 2>/dev/null || { cat "$dir/log" >&2; exit 1; }
        sleep 0.05
    done
}

stop() {
    kill "-$1" "$server"
    wait "$server"
    server=
}

"$bin/initdb" --pgdata="$dir/data" --username=backplane --auth=trust --encoding=UTF8 --locale=C --no-sync \
    >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }
cat >"$dir/data/pg_hba.conf" <<END
local all all trust
host all with_password 127.0.0.0/8 scram-sha-256
hostnossl all without_tls 127.0.0.0/8 trust
host all backplane 127.0.0.0/8 trust
END
while read -r command; do
    case $command in
        start) start ;;
        stop) stop QUIT ;;
    esac
    echo "$command"
done
[ -z "$server" ] || stop INT
rm -rf "$dir"
