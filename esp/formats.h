/*
 * Trees with a root name, so that the paths of scenarios ("ESP.seq", "INNER.source") fit as
 * they are.
 */
#ifndef ESP_FORMATS_H
#define ESP_FORMATS_H

#include "esp/esp.h"
#include "esp/inner.h"

extern const struct wire_format root_ipv4_udp, root_ipv6_udp, root_ipv4_data, root_ipv6_data;
extern const struct wire_format root_inner_ipv4, root_inner_ipv6, root_esp;

#endif
