/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture/live.h"

#include "base/error.h"
#include "capture/format.h"
#include "capture/live_filter.h"

#include <inttypes.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 2 * CAPTURE_MAX_FRAME };

struct live {
    pcap_t *pcap;
    struct capture_info info;
    uint64_t n_read;
    struct live_drops drops;
    struct frame *frames; /* Of the caller, while live_read() runs. */
    size_t n, used;
    uint32_t before_drops[2]; /* Counters of 32 bits, as they were read last. */
    uint16_t link;
    int asking; /* A socket of no use but to ask for the state of the interface. */
    uint8_t bytes[ROOM]; /* Of 'frames'. */
    char name[];
};

/* libpcap's numbers of link types are those of files, but for raw IP. */
static uint16_t link_of(pcap_t *pcap)
{
    int dlt = pcap_datalink(pcap);

    return (uint16_t)(dlt == DLT_RAW ? 101 : dlt);
}

static bool refuse(const char *interface, pcap_t *pcap, int status,
                   struct policap_error *err)
{
    if (status == PCAP_ERROR_PERM_DENIED || status == PCAP_ERROR_PROMISC_PERM_DENIED) {
        return fail(err,
                    "%s: no right to capture: run as root, or once: setcap "
                    "cap_net_raw+ep \"$(command -v policap)\"",
                    interface);
    }
    if (status == PCAP_ERROR_NO_SUCH_DEVICE) {
        return fail(err, "%s: no such interface: `ip link` lists them", interface);
    }
    if (status == PCAP_ERROR_IFACE_NOT_UP) {
        return fail(err, "%s: the interface is down: ip link set %s up", interface,
                    interface);
    }
    return fail(err, "%s: %s", interface,
                *pcap_geterr(pcap) ? pcap_geterr(pcap) : pcap_statustostr(status));
}

static bool activate(const char *interface, pcap_t *pcap, const struct live_options *o,
                     struct policap_error *err)
{
    int status;

    pcap_set_snaplen(pcap, o->snaplen ? o->snaplen : LIVE_DEFAULT_SNAPLEN);
    pcap_set_buffer_size(pcap, o->ring_bytes ? o->ring_bytes : LIVE_DEFAULT_RING);
    pcap_set_timeout(pcap, o->block_ms ? o->block_ms : LIVE_DEFAULT_BLOCK_MS);
    pcap_set_immediate_mode(pcap, 0);
    pcap_set_promisc(pcap, o->promiscuous);
    /* Where the kernel gives microseconds alone, these are taken. */
    pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
    status = pcap_activate(pcap);
    if (status < 0) {
        return refuse(interface, pcap, status, err);
    }
    if (pcap_datalink(pcap) == DLT_LINUX_SLL) {
        pcap_set_datalink(pcap, DLT_LINUX_SLL2); /* It names the interface. */
    }
    return true;
}

static bool set_filter(const char *interface, pcap_t *pcap, const char *filter,
                       const char *narrow, struct policap_error *err)
{
    struct bpf_program program;
    bool ok;

    if (!live_filter_compile(pcap, filter, narrow, &program, err)) {
        return false;
    }
    ok = pcap_setfilter(pcap, &program) == 0 ||
         fail(err, "%s: %s", interface, pcap_geterr(pcap));
    pcap_freecode(&program);
    return ok;
}

static bool begin(struct live *live, const struct live_options *options,
                  struct policap_error *err)
{
    char why[PCAP_ERRBUF_SIZE] = "";

    live->pcap = pcap_create(live->name, why);
    if (!live->pcap) {
        return fail(err, "%s: %s", live->name, why);
    }
    if (!activate(live->name, live->pcap, options, err) ||
        ((options->filter || options->narrow) &&
         !set_filter(live->name, live->pcap, options->filter, options->narrow, err))) {
        return false;
    }
    if (pcap_setnonblock(live->pcap, 1, why) != 0) {
        return fail(err, "%s: %s", live->name, why);
    }
    if (pcap_get_selectable_fd(live->pcap) < 0) {
        return fail(err, "%s: can not be waited for: name another interface",
                    live->name);
    }
    live->link = link_of(live->pcap);
    live->info.path = live->name;
    live->info.format = "live";
    live->info.links[live->info.n_links++] = live->link;
    return true;
}

struct live *live_open(const char *interface, const struct live_options *options,
                       struct policap_error *err)
{
    size_t size = strlen(interface) + 1;
    struct live *live = calloc(1, sizeof *live + size);

    if (!live) {
        fail(err, "%s: out of memory", interface);
        return NULL;
    }
    memcpy(live->name, interface, size);
    live->asking = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (!begin(live, options, err)) {
        live_close(live);
        return NULL;
    }
    return live;
}

void live_close(struct live *live)
{
    if (live && live->pcap) {
        pcap_close(live->pcap);
    }
    if (live && live->asking >= 0) {
        close(live->asking);
    }
    free(live);
}

bool live_narrow(struct live *live, const char *filter, const char *narrow,
                 struct policap_error *err)
{
    return set_filter(live->name, live->pcap, filter, narrow, err);
}

/* Frames alone can not tell a link that is down from one that is silent. */
bool live_is_down(const struct live *live)
{
    struct ifreq request = {0};

    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", live->name);
    return live->asking >= 0 && ioctl(live->asking, SIOCGIFFLAGS, &request) == 0 &&
           (request.ifr_flags & (IFF_UP | IFF_RUNNING)) != (IFF_UP | IFF_RUNNING);
}

int live_fd(const struct live *live)
{
    return pcap_get_selectable_fd(live->pcap);
}

static int64_t time_ns(const struct live *live, const struct timeval *time)
{
    bool nano = pcap_get_tstamp_precision(live->pcap) == PCAP_TSTAMP_PRECISION_NANO;

    return (int64_t)time->tv_sec * 1000000000 +
           (int64_t)time->tv_usec * (nano ? 1 : 1000);
}

/* Keeps a frame.  The bytes have room: live_read() stops while that is sure. */
static void keep(u_char *context, const struct pcap_pkthdr *header, const u_char *bytes)
{
    struct live *live = (struct live *)(void *)context;
    uint32_t len =
        header->caplen < CAPTURE_MAX_FRAME ? header->caplen : CAPTURE_MAX_FRAME;

    memcpy(live->bytes + live->used, bytes, len);
    live->frames[live->n] = (struct frame){
        .bytes = live->bytes + live->used,
        .ns = time_ns(live, &header->ts),
        .number = ++live->n_read,
        .cap_len = len,
        .wire_len = header->len > len ? header->len : len,
        .link = live->link,
    };
    live->n++;
    live->used += len;
    if (live->n == CAPTURE_BATCH || ROOM - live->used < CAPTURE_MAX_FRAME) {
        pcap_breakloop(live->pcap);
    }
}

bool live_read(struct live *live, struct frame *frames, size_t *n,
               struct policap_error *err)
{
    int status;

    live->frames = frames;
    live->n = live->used = 0;
    status = pcap_dispatch(live->pcap, CAPTURE_BATCH, keep, (u_char *)live);
    *n = live->n;
    info_count(&live->info, frames, *n);
    return status >= 0 || status == PCAP_ERROR_BREAK ||
           fail(err, "%s: %s", live->name, pcap_geterr(live->pcap));
}

/* Widens a counter of 32 bits that may have gone over its end. */
static void add_counter(uint64_t *sum, uint32_t *before, uint32_t now)
{
    *sum += now - *before;
    *before = now;
}

const struct capture_info *live_info(struct live *live)
{
    struct pcap_stat stat;

    if (pcap_stats(live->pcap, &stat) == 0) {
        add_counter(&live->drops.kernel, &live->before_drops[0], stat.ps_drop);
        add_counter(&live->drops.interface, &live->before_drops[1], stat.ps_ifdrop);
    }
    live->info.is_live = true;
    live->info.dropped_kernel = live->drops.kernel;
    live->info.dropped_interface = live->drops.interface;
    live->info.dropped = live->drops.kernel + live->drops.interface;
    return &live->info;
}

struct live_drops live_drops(const struct live *live)
{
    return live->drops;
}
