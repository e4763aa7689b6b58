/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Giving up what a sensor does not need once its interfaces are open: another user's
 * rights, capabilities, and the system calls of programs that do something else.
 *
 * Whoever finds a fault in a parser then holds a process that can read what its user
 * may, and write its reports; it can run no program, trace none, open no socket but a
 * local one, mount nothing, load nothing, and become nobody else.
 */
#ifndef MONITOR_CONFINE_H
#define MONITOR_CONFINE_H

#include <policap/error.h>
#include <stdbool.h>

/* Becomes 'user' with the groups of that user (NULL: stays who it is), loses all
 * capabilities (but as root without 'user', whose files it could else not write), sets
 * no_new_privs and a filter of system calls.  False: '*err', and not all of it is
 * done, so the program must end. */
bool confine(const char *user, struct policap_error *err);

#endif
