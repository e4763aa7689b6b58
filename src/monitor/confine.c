/* SPDX-License-Identifier: BSD-3-Clause */
#include "monitor/confine.h"

#include "base/error.h"

#include <errno.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool become(const char *user, struct policap_error *err)
{
    const struct passwd *p = getpwnam(user);

    if (geteuid() != 0) {
        return fail(err, "-u %.60s: only root can become another user", user);
    }
    if (!p || p->pw_uid == 0) {
        return fail(err, "-u %.60s: %s: make one with: useradd -r %.60s", user,
                    p ? "this is root" : "there is no such user", p ? "policap" : user);
    }
    if (initgroups(user, p->pw_gid) != 0 ||
        setresgid(p->pw_gid, p->pw_gid, p->pw_gid) != 0 ||
        setresuid(p->pw_uid, p->pw_uid, p->pw_uid) != 0) {
        return fail(err, "-u %.60s: %s", user, strerror(errno));
    }
    return true;
}

/* The bounding set can only be emptied while CAP_SETPCAP is there, and matters only to
 * programs that are run: the filter lets none be. */
static void drop_bounding(void)
{
    for (unsigned long cap = 0; cap <= CAP_LAST_CAP; cap++) {
        prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
    }
}

static bool drop_capabilities(struct policap_error *err)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return syscall(SYS_capset, &header, none) == 0 ||
           fail(err, "giving up capabilities: %s", strerror(errno));
}

#if defined __x86_64__
#define AUDIT_ARCH_OURS AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define AUDIT_ARCH_OURS AUDIT_ARCH_AARCH64
#endif

#ifdef AUDIT_ARCH_OURS

#define REFUSE(name)                                                                   \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1),                             \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)

/* A list of what is refused, not of what is allowed: libraries may use any harmless
 * call in their next version, and the sensor must not die of it.  The kernel's list of
 * numbers differs by architecture, so others than ours are refused whole; so are the
 * x32 numbers of x86-64. */
static const struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_OURS, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    /* Running programs, and looking into others. */
    REFUSE(execve),
    REFUSE(execveat),
#ifndef __SANITIZE_ADDRESS__ /* Its search for leaks traces its own process. */
    REFUSE(ptrace),
#endif
    REFUSE(process_vm_readv),
    REFUSE(process_vm_writev),
    REFUSE(kcmp),
    REFUSE(pidfd_getfd),
    /* Becoming somebody else. */
    REFUSE(setuid),
    REFUSE(setgid),
    REFUSE(setreuid),
    REFUSE(setregid),
    REFUSE(setresuid),
    REFUSE(setresgid),
    REFUSE(setgroups),
    REFUSE(setfsuid),
    REFUSE(setfsgid),
    REFUSE(capset),
    /* Another view of the system, or another system. */
    REFUSE(unshare),
    REFUSE(setns),
    REFUSE(mount),
    REFUSE(umount2),
    REFUSE(pivot_root),
    REFUSE(chroot),
    REFUSE(move_mount),
    REFUSE(open_tree),
    REFUSE(fsopen),
    REFUSE(fsmount),
    REFUSE(mknodat),
    REFUSE(open_by_handle_at),
    /* The kernel and the machine. */
    REFUSE(init_module),
    REFUSE(finit_module),
    REFUSE(delete_module),
    REFUSE(kexec_load),
    REFUSE(kexec_file_load),
    REFUSE(reboot),
    REFUSE(bpf),
    REFUSE(perf_event_open),
    REFUSE(userfaultfd),
    REFUSE(io_uring_setup),
    REFUSE(keyctl),
    REFUSE(add_key),
    REFUSE(request_key),
    REFUSE(swapon),
    REFUSE(swapoff),
    REFUSE(settimeofday),
    REFUSE(clock_settime),
    REFUSE(sethostname),
    REFUSE(setdomainname),
    REFUSE(quotactl),
    REFUSE(acct),
    /* The network: sockets other than local ones, and more servers than there are. */
    REFUSE(listen),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static bool filter_calls(struct policap_error *err)
{
    struct sock_fprog program = {.len = sizeof filter / sizeof *filter,
                                 .filter = (struct sock_filter *)(uintptr_t)filter};

    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 ||
           errno == EINVAL || /* A kernel without it. */
           fail(err, "filtering system calls: %s", strerror(errno));
}

#else

static bool filter_calls(struct policap_error *err)
{
    (void)err;
    return true; /* The numbers of this machine's calls were not tried. */
}

#endif

bool confine(const char *user, struct policap_error *err)
{
    drop_bounding();
    if (user && !become(user, err)) {
        return false;
    }
    if (geteuid() != 0 && !drop_capabilities(err)) {
        return false;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return fail(err, "no_new_privs: %s", strerror(errno));
    }
    return filter_calls(err);
}
