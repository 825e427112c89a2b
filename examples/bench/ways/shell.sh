# curl, 16 at a time, by xargs or GNU parallel; then polls of all devices that have not ended.
# usage: shell.sh xargs|parallel DEVICES
set -u
cp "$2" pending
fan() { case "$1" in xargs) xargs -P16 -I{} sh -c "$2" < pending ;; parallel) parallel -j16 "$2" < pending ;; esac; }
export WAIT='--retry 5 --silent --show-error --fail --max-time 30'
fan "$1" 'curl $WAIT -o /dev/null -X POST -H "Authorization: Bearer $SORTIE_TOKEN" "$SORTIE_BASE_URL/api/v1/devices/{}/action/restart"'
for round in $(seq 60); do
  fan "$1" 'curl $WAIT -o "{}.json" -H "Authorization: Bearer $SORTIE_TOKEN" "$SORTIE_BASE_URL/api/v1/devices/{}/commands?limit=300"'
  while read -r device; do
    # Metadata is an object inside of a row.
    sed 's/"metadata": *{[^}]*}//g' "$device.json" | tr '{' '\n' | grep '"RestartDevice"' | grep -Eq '"status": ?[34]' || echo "$device"
  done < pending > next
  mv next pending
  [ -s pending ] || exit 0
  sleep 5
done
echo "some devices did not end" >&2
exit 1
