/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The floor that timings are told against: libpcap reads a file, and nothing is done
 * with it.
 *
 * usage: floor FILE
 */
#include <pcap/pcap.h>
#include <stdio.h>

static void count(u_char *n, const struct pcap_pkthdr *header, const u_char *bytes)
{
    (void)bytes;
    *(unsigned long *)(void *)n += header->caplen > 0;
}

int main(int argc, char **argv)
{
    char text[PCAP_ERRBUF_SIZE];
    unsigned long n = 0;
    pcap_t *in = argc == 2 ? pcap_open_offline(argv[1], text) : NULL;

    if (!in) {
        fprintf(stderr, "floor: %s\n", argc == 2 ? text : "one file, please");
        return 2;
    }

    int status = pcap_loop(in, -1, count, (u_char *)&n);
    pcap_close(in);
    printf("%lu\n", n);
    return status == 0 ? 0 : 1;
}
