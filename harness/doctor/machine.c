/* The table of looks at the machine. */
#include "inside.h"

#include <stdarg.h>
#include <stdio.h>

struct machine_row {
	const char *group, *name;
	void (*look)(struct look *l);
	const char *costs, *mend; /* if it is missing */
};

/* clang-format off */
static const struct machine_row rows[] = {
	{ "system",  "privilege",        look_privilege,       "real daemons (run -t strongswan, libreswan), TUN devices, ports below 1024", "sudo ikespec ..." },
	{ "system",  "namespaces",       look_namespaces,      "real daemons in namespaces of their own, bench wire over veth", "sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=15000 user.max_net_namespaces=15000" },
	{ "system",  "clock",            look_clock,           "time limits of real targets mean little here", "cat /sys/devices/system/clocksource/clocksource0/available_clocksource" },
	{ "system",  "descriptors",      look_descriptors,     "fewer cases in flight (-j)", "ulimit -n 4096" },
	{ "system",  "cpu",              look_cpu,             "bench esp and bench wire are far below what hardware with AES-NI does", NULL },
	{ "system",  "esp-backend",      look_backend,         "ESP by OpenSSL alone, some three times slower under load", "apt-get install libipsec-mb-dev && meson setup --wipe build" },
	{ "network", "kernel-esp",       look_kernel_esp,      "libreswan runs in User-Mode Linux, which takes 5 s to start", "modprobe -a esp4 esp6 xfrm_user" },
	{ "network", "tun",              look_tun,             "real daemons, and peer without --echo", "modprobe tun; in a container: --device /dev/net/tun --cap-add NET_ADMIN" },
	{ "network", "raw-sockets",      look_raw_sockets,     "ESP as IP protocol 50 with peer and with a vendor's box (it goes in UDP without)", "setcap cap_net_raw+ep $(command -v ikespec)" },
	{ "network", "ipv6",             look_ipv6,            "a vendor's box over IPv6", "sysctl -w net.ipv6.conf.all.disable_ipv6=0" },
	{ "network", "port-500",         look_port_ike,        "a vendor's box from port 500; <tester port=\"10500\"> takes another", "ss -ulpn 'sport = :500'" },
	{ "network", "port-4500",        look_port_nat,        "a vendor's box from port 4500; <tester nat-port=\"14500\"> takes another", "ss -ulpn 'sport = :4500'" },
	{ "tools",   "libpcap",          look_libpcap,         "explain and replay of captures", "apt-get install libpcap0.8" },
	{ "tools",   "tshark",           look_tshark,          "captures can be looked at with ikespec explain alone", "apt-get install tshark" },
	{ "tools",   "decryption",       look_decrypts,        "Wireshark does not show what is inside of captures", "apt-get install tshark" },
	{ "tools",   "user-mode-linux",  look_user_mode_linux, "libreswan (this kernel has no ESP of its own)", "apt-get install user-mode-linux" },
	{ "targets", "strongswan",       look_tree,            "run -t strongswan makes it first, which takes some 20 s and a mirror", "ci/targets/tree strongswan" },
	{ "targets", "strongswan:6.0.1", look_tree,            "run -t strongswan:6.0.1 makes it first", "ci/targets/tree strongswan:6.0.1" },
	{ "targets", "libreswan",        look_tree,            "run -t libreswan makes it first", "ci/targets/tree libreswan" },
	{ "targets", "libreswan:5.2",    look_tree,            "run -t libreswan:5.2 makes it first", "ci/targets/tree libreswan:5.2" },
	{ "targets", "standing",         look_standing,        NULL, NULL },
	{ "targets", "leftovers",        look_leftovers,       "memory and processes until the next start of a target", "ikespec target down strongswan" },
};
/* clang-format on */

static void found(struct look *l, enum finding_state state, const char *format, va_list args)
{
	char text[400];

	vsnprintf(text, sizeof text, format, args);
	l->row->state = state;
	l->row->what = arena_text(l->findings->arena, text);
	if (state == FINDING_OK)
		l->row->costs = l->row->mend = NULL;
}

void look_ok(struct look *l, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	found(l, FINDING_OK, format, args);
	va_end(args);
}

void look_missing(struct look *l, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	found(l, FINDING_MISSING, format, args);
	va_end(args);
}

void look_note(struct look *l, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	found(l, FINDING_NOTE, format, args);
	va_end(args);
}

void doctor_machine(const struct run_options *options, struct findings *out)
{
	for (size_t i = 0; i < ARRAY_LEN(rows) && out->count < FINDINGS; i++) {
		struct look l = { options, out, &out->rows[out->count++] };

		*l.row = (struct finding){
			.group = rows[i].group,
			.name = rows[i].name,
			.state = FINDING_UNCHECKED,
			.what = "nothing was found out",
			.costs = rows[i].costs,
			.mend = rows[i].mend,
		};
		rows[i].look(&l);
	}
}
