#!/bin/sh
# Keeps a file in step with a list, for programs that read a file and have to be reloaded.
#
#   ACR_KEY=... acr-fetch.sh URL FILE [CHECK [RELOAD]]
#
#   acr-fetch.sh "$API/prefixes?format=nginx&region=westeurope" /etc/nginx/acr.conf "nginx -t" "nginx -s reload"
#
# The file changes only if the list has changed, the script fetched all of it, and CHECK accepts it; otherwise the old file stays.
# Exit codes: 0 up to date, 1 not fetched or not accepted.
set -eu
url=$1
file=$2
check=${3:-true}
reload=${4:-true}

new=$(mktemp "$file.XXXXXX")
old="$file.before"
trap 'rm -f "$new"' EXIT

set -- --fail --silent --show-error --max-time 60 --retry 2 --output "$new"
[ -z "${ACR_KEY:-}" ] || set -- "$@" --header "x-functions-key: $ACR_KEY"
curl "$@" "$url" || { echo "acr-fetch: $file stays as it is" >&2; exit 1; }
[ -s "$new" ] || { echo "acr-fetch: $url is empty: $file stays as it is" >&2; exit 1; }
cmp -s "$new" "$file" && exit 0

chmod 644 "$new"
if [ -e "$file" ]; then cp -p "$file" "$old"; else rm -f "$old"; fi
mv "$new" "$file"
if ! sh -c "$check"; then
  if [ -e "$old" ]; then mv "$old" "$file"; else rm -f "$file"; fi
  echo "acr-fetch: $check does not accept the list of $url: $file stays as it is" >&2
  exit 1
fi
sh -c "$reload"
rm -f "$old"
