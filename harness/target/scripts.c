#include "internal.h"

/* Each file of scripts/ as string literals, made by meson.build. */
const char first_script[] =
#include "first.inc"
;
const char guest_script[] =
#include "guest.inc"
;
const char orders_script[] =
#include "orders.inc"
;
const char strongswan_script[] =
#include "strongswan.inc"
;
const char libreswan_script[] =
#include "libreswan.inc"
;
const char whack_script[] =
#include "whack.inc"
;
const char exec_script[] =
#include "exec.inc"
;
