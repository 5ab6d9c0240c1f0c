#!/bin/bash
# probe PORT PATH: ends with 0 when http://127.0.0.1:PORT/PATH answers 200 within two seconds, for health checks.
#
# The image has no curl, and needs none: bash opens the connection itself ("/dev/tcp" in bash(1)).
set -eu

port=$1
path=$2
exec 2>/dev/null
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'GET %s HTTP/1.0\r\nHost: localhost:%s\r\n\r\n' "$path" "$port" >&3
IFS=' ' read -r -t 2 _ status _ <&3
[ "$status" = 200 ]
