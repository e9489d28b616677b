// What the programs of the mail system are told.

import { join } from "node:path";

export const programs = [
  "/usr/sbin/postfix",
  "/usr/sbin/opendkim",
  "/usr/sbin/dovecot",
  "/usr/lib/dovecot/lmtp",
  "/usr/sbin/knotd",
  "/usr/sbin/keymgr",
  "/usr/sbin/unbound",
  "/usr/bin/openssl",
];
export const relayerAddress = "recovery@relayer.example";
export const selector = "s1";

/// All files, by their names.
export function files(folder, ports, domains, record) {
  const all = [...domains, "relayer.example"];
  const zones = Object.fromEntries(all.map((domain) => [`zones/${domain}.zone`, zone(domain, record)]));
  const [dkim, key] = [join(folder, "opendkim"), join(folder, "dkim.key")];
  return {
    ...zones,
    "knot.conf": knot(folder, ports, all),
    "unbound.conf": unbound(folder, ports, all),
    "opendkim.conf": opendkim(dkim, ports),
    "opendkim/keys": all.map((domain) => `${domain} ${domain}:${selector}:${key}\n`).join(""),
    "opendkim/signers": all.map((domain) => `*@${domain} ${domain}\n`).join(""),
    "dovecot.conf": dovecot(folder, ports),
    "postfix/main.cf": postfix(folder, ports, all),
    "postfix/master.cf": services(ports),
    "providers.tsv": domains.map((domain) => `${domain}\tyes\t${selector}\t2048\trelaxed/relaxed\tyes\t\t2026\n`).join(""),
  };
}

function zone(domain, record) {
  const pieces = record.match(/.{1,255}/g).map((piece) => `"${piece}"`).join(" ");
  return `\
$TTL 60
@ SOA ns hostmaster 1 60 60 60 60
@ NS ns
ns A 127.0.0.1
${selector}._domainkey TXT ${pieces}
`;
}

function knot(folder, ports, domains) {
  return `\
server:
    rundir: "${folder}"
    listen: 127.0.0.1@${ports.knot}
database:
    storage: "${folder}/knot"
log:
  - target: stderr
    any: warning
template:
  - id: default
    storage: "${folder}/zones"
    file: "%s.zone"
    zonefile-sync: -1
    zonefile-load: difference
    journal-content: all
    dnssec-signing: on
zone:
${domains.map((domain) => `  - domain: ${domain}\n`).join("")}`;
}

/// Unbound answers NXDOMAIN for .example, and asks nobody on this machine, unless it is told.
function unbound(folder, ports, domains) {
  const zones = domains.map((domain) => `stub-zone:\n  name: "${domain}"\n  stub-addr: 127.0.0.1@${ports.knot}\n`);
  return `\
server:
  interface: 127.0.0.1
  port: ${ports.unbound}
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: ""
  use-syslog: no
  verbosity: 0
  do-not-query-localhost: no
  local-zone: "example." transparent
  trust-anchor-file: "${folder}/anchors"
remote-control:
  control-enable: no
${zones.join("")}`;
}

/// As a provider signs: From and Subject once more than they are there, so that nobody adds one.
function opendkim(folder, ports) {
  return `\
Mode s
Socket inet:${ports.opendkim}@127.0.0.1
Canonicalization relaxed/relaxed
OversignHeaders From,Subject
KeyTable file:${folder}/keys
SigningTable refile:${folder}/signers
InternalHosts 127.0.0.1
Syslog no
RequireSafeKeys no
`;
}

/// Dovecot gives no mailbox to root.
function dovecot(folder, ports) {
  return `\
protocols = lmtp
base_dir = ${folder}/dovecot
log_path = ${folder}/dovecot.log
ssl = no
mail_location = maildir:${folder}/mailboxes/%u
mail_uid = mail
mail_gid = mail
first_valid_uid = 8
first_valid_gid = 8
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=mail gid=mail home=${folder}/mailboxes/%u allow_all_users=yes
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${ports.dovecot}
  }
}
`;
}

function postfix(folder, ports, domains) {
  return `\
compatibility_level = 3.6
queue_directory = ${folder}/postfix/queue
data_directory = ${folder}/postfix/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = ${folder}/postfix/data/log
maillog_file_prefixes = ${folder}
myhostname = mx.relayer.example
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
alias_maps =
virtual_mailbox_domains = ${domains.join(" ")}
virtual_mailbox_maps = static:all
virtual_transport = lmtp:inet:127.0.0.1:${ports.dovecot}
transport_maps = inline:{ { ${relayerAddress} = lmtp:inet:127.0.0.1:${ports.lmtp} } }
smtpd_milters = inet:127.0.0.1:${ports.opendkim}
milter_default_action = tempfail
smtpd_relay_restrictions = permit_mynetworks, reject
minimal_backoff_time = 1s
maximal_backoff_time = 5s
queue_run_delay = 2s
disable_dns_lookups = yes
smtputf8_enable = no
`;
}

/// None in a chroot.
function services(ports) {
  const line = ([name, type, open, wakeup, most, daemon = name]) =>
    [name, type, open ? "n" : "-", "-", "n", wakeup, most, daemon].join(" ");
  const services = [
    [`127.0.0.1:${ports.smtp}`, "inet", true, "-", "-", "smtpd"],
    ["cleanup", "unix", true, "-", "0"],
    ["qmgr", "unix", true, "2", "1"],
    ["rewrite", "unix", false, "-", "-", "trivial-rewrite"],
    ["bounce", "unix", false, "-", "0"],
    ["defer", "unix", false, "-", "0", "bounce"],
    ["trace", "unix", false, "-", "0", "bounce"],
    ["proxymap", "unix", false, "-", "-"],
    ["smtp", "unix", false, "-", "-"],
    ["error", "unix", false, "-", "-"],
    ["retry", "unix", false, "-", "-", "error"],
    ["discard", "unix", false, "-", "-"],
    ["lmtp", "unix", false, "-", "-"],
    ["anvil", "unix", false, "-", "1"],
    ["scache", "unix", false, "-", "1"],
    ["postlog", "unix-dgram", true, "-", "1", "postlogd"],
  ];
  return `${services.map(line).join("\n")}\n`;
}
