/* SPDX-License-Identifier: BSD-3-Clause
 *
 * policap live --check-config: is there anything that would keep the sensor from
 * starting, or from telling anybody?
 *
 * Nothing is written, captured or listened at, so it needs no rights but those to read
 * what the sensor would, and may be asked while one runs.
 */
#ifndef MONITOR_CONFIG_H
#define MONITOR_CONFIG_H

#include "monitor/monitor.h"

/* Says each fault of the options by options->say, one line each; 'files' are those that
 * will be written, NULL where there is none.  'policy' is NULL where it could not be
 * loaded, which the caller has said.  Returns how many faults there are. */
size_t config_check(const struct monitor_options *options, const struct policy *policy,
                    const char *const *files, size_t n_files);

#endif
