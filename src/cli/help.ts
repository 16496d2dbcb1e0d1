/** The texts of `--help`. They are constants, so that `--help` loads no other module. */

const general = `acr-addresses: the addresses of Azure Container Registry, as Microsoft lists them

  acr-addresses list              print the list, in the format of your firewall
  acr-addresses diff FROM TO      what changed between two days or two files
  acr-addresses lookup IP...      which service tags contain an address
  acr-addresses explain TEXT      what the addresses in a log line or an error are, and what to do
  acr-addresses check FILE        compare your own rules with the list
  acr-addresses targets validate FILE
                                  check a targets file of the app

  acr-addresses COMMAND --help    the options of a command, with examples
  acr-addresses --version

Examples
  acr-addresses list --region westeurope --family ipv4
  acr-addresses list --region westeurope,northeurope --format nginx --out acr.conf
  acr-addresses check my-list.txt --region westeurope

Exit codes: 0 yes or done, 1 the answer is no (check, lookup, explain, targets validate,
diff --exit-code), 2 wrong option, argument or file, 3 the list cannot be read.
`;

const selection = `  --region R[,R]     regions such as westeurope; default: all regions of the tag
  --tag T[,T]        service tags, default AzureContainerRegistry
  --family F         ipv4, ipv6 or all (default)`;

const sources = `  --source S         where the list comes from:
                       download     Microsoft's weekly file, from its download page (default)
                       file:PATH    a weekly file, or a folder of them (the newest by name)
                       https://...  a weekly file at a URL
                       built-in     the history since 2019 that comes with the command: no network, only the ACR tags
                       api          the Service Tag Discovery API; needs --subscription and a sign-in (az login)
  --cloud C          Public (default), AzureGovernment or China`;

const list = `acr-addresses list: print the list

${selection}
  --format F         text (default), nginx, haproxy, apache, ipset, nftables, iptables, terraform, networkpolicy,
                     networkpolicy-egress, cilium, calico, ingress-nginx, aws, csv, json
  --fit N            at most N IPv4 prefixes, with the fewest extra addresses; stderr says how many
  --aggregate        the fewest prefixes for exactly the same addresses
  --comment          name the tags of each prefix, in formats that have comments
  --name NAME        of the set, list or object, in formats that have one
  --as-of DAY        the list as it was on that day, such as 2024-03-01
  --as-published     do not leave out special-purpose ranges and ranges wider than /20 (IPv6: /112)
  --out FILE         replace the file in one step, and only if the command succeeds
  --json             the same as --format json
${sources}

Examples
  acr-addresses list --region westeurope --family ipv4 --format nginx --out /etc/nginx/acr.conf
  acr-addresses list --region westeurope --fit 100
  acr-addresses list --source file:ServiceTags_Public_20250303.json --format csv
`;

const diff = `acr-addresses diff: what changed between two lists

  acr-addresses diff FROM TO

  FROM and TO        a day such as 2024-03-01, a weekly file (PATH or file:PATH), download, api, https://...
${selection}
  --format F         text (default), markdown, json
  --exit-code        exit with 1 if there is a difference
  --source S         where the lists of days come from: a folder of weekly files; default: the built-in history
  --cloud C          Public (default), AzureGovernment or China
  --json             the same as --format json

Examples
  acr-addresses diff 2024-03-01 2024-09-01 --region westeurope
  acr-addresses diff ServiceTags_Public_20250217.json ServiceTags_Public_20250303.json --format markdown
`;

const lookup = `acr-addresses lookup: which service tags contain an address

  acr-addresses lookup IP...

  IP                 an address or a CIDR, IPv4 or IPv6; - reads them from stdin, one per line
${sources}
  --json             one object per address

Exits with 1 if an address is in no service tag.

Examples
  acr-addresses lookup 20.42.66.1
  acr-addresses lookup 20.42.66.0/24 2603:1030:20e:3::480 --source file:ServiceTags_Public_20250303.json
`;

const explain = `acr-addresses explain: what the addresses in a log line or an error are, and what to do

  acr-addresses explain TEXT

  TEXT               a line with up to 20 addresses; - reads it from stdin
${sources}
  --json             the explanation as JSON

Exits with 1 if no address belongs to Azure Container Registry.

Examples
  acr-addresses explain "denied: client with IP '20.42.66.1' is not allowed access"
  tail -1 firewall.log | acr-addresses explain -
`;

const check = `acr-addresses check: compare your own rules with the list

  acr-addresses check FILE

  FILE               a list in any text format, the JSON of "az network nsg show", the JSON of
                     "terraform show -json PLAN", or any JSON with prefixes in it; - reads stdin
${selection}
  --rule NAME        only this rule (NSG) or resource (Terraform); default: those that contain an address of the list
  --format F         text (default), markdown, json
${sources}
  --json             the same as --format json

Reports what is missing (listed, not in FILE), stale (in FILE, no longer listed) and surplus (in FILE, never listed).
Exits with 1 if anything is missing, stale, surplus or unreadable.

Examples
  acr-addresses check allow.conf --region westeurope
  az network nsg show -g rg -n nsg-hooks | acr-addresses check - --rule AllowAcr --region westeurope
  terraform show -json plan.out | acr-addresses check - --family ipv4 --format markdown
`;

const targets = `acr-addresses targets: work with the app's targets file

  acr-addresses targets validate FILE    say everything that is wrong in it; exits with 1 if anything is
  acr-addresses targets schema           print the JSON Schema, for editors: "$schema": "./targets.schema.json"

  --json             the result as JSON

Examples
  acr-addresses targets validate targets.json
  acr-addresses targets schema > targets.schema.json
`;

const texts: Readonly<Record<string, string>> = { list, diff, lookup, explain, check, targets };

export function helpOf(command: string | undefined): string {
  return texts[command ?? ''] ?? general;
}
