// posix_spawn and pidfds. Nothing here touches the host's signal handlers, mask, children or descriptors.
#include "isolate/child.h"

#include "bridge_internal.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" { // glibc 2.36 forgets it
#include <sys/pidfd.h>
}

extern char **environ;

namespace medtl_dicom
{
namespace
{

constexpr int64_t start_ms = 30000;
constexpr int above_child = 16; // descriptors from here on cannot collide with the child's own

/// The same file at a number that no dup2() of the child's start overwrites.
descriptor moved_up(int number, const char *what)
{
    descriptor given(number);

    if (number < 0)
        fail(MEDTL_E_IO, "cannot make %s for a decoding process: %s", what, std::strerror(errno));
    descriptor moved(fcntl(number, F_DUPFD_CLOEXEC, above_child));
    if (moved.get() < 0)
        fail(MEDTL_E_IO, "cannot make %s for a decoding process: %s", what, std::strerror(errno));
    return moved;
}

/// What posix_spawn() is told, freed whatever happens.
class spawn_plan
{
  public:
    spawn_plan()
    {
        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attributes);
    }
    ~spawn_plan()
    {
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
    }
    spawn_plan(const spawn_plan &) = delete;
    spawn_plan &operator=(const spawn_plan &) = delete;

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
};

/// The child has no terminal, no descriptor of the host, default signals, and a process group of its own: Ctrl-C
/// is for the host, which finishes what is under way.
void describe_spawn(spawn_plan &plan, int socket, int inbox, int outbox)
{
    sigset_t none, all;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&plan.attributes, &none);
    posix_spawnattr_setsigdefault(&plan.attributes, &all);
    posix_spawnattr_setpgroup(&plan.attributes, 0);
    posix_spawnattr_setflags(&plan.attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                   POSIX_SPAWN_SETPGROUP);
    posix_spawn_file_actions_addopen(&plan.actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&plan.actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&plan.actions, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&plan.actions, socket, child_socket);
    posix_spawn_file_actions_adddup2(&plan.actions, inbox, child_inbox);
    posix_spawn_file_actions_adddup2(&plan.actions, outbox, child_outbox);
    posix_spawn_file_actions_addclosefrom_np(&plan.actions, child_first_free);
}

} // namespace

child::child(const std::string &program, uint64_t memory_bytes, uint32_t timeout_ms) : child()
{
    int ends[2];
    message hello;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        fail(MEDTL_E_IO, "cannot make a socket for a decoding process: %s", std::strerror(errno));
    socket_ = descriptor(ends[0]);
    descriptor other = moved_up(ends[1], "a socket");
    inbox_ = moved_up(memfd_create("medtl-in", MFD_CLOEXEC), "memory");
    outbox_ = moved_up(memfd_create("medtl-out", MFD_CLOEXEC), "memory");
    start(program, memory_bytes, timeout_ms, std::move(other));
    const channel_result result =
        receive_message(socket(), hello, false, 256, milliseconds_now() + start_ms);
    const std::string version(hello.payload.begin(), hello.payload.end());
    if (result != channel_result::good || hello.kind != message_kind::hello ||
        version != MEDTL_VERSION) {
        const std::string outcome = end();
        if (result == channel_result::good)
            fail(MEDTL_E_CONFIG, "%s is not of this version of medtl (%s)", program.c_str(),
                 MEDTL_VERSION);
        fail(MEDTL_E_CONFIG, "%s does not start: it %s", program.c_str(), outcome.c_str());
    }
}

void child::start(const std::string &program, uint64_t memory_bytes, uint32_t timeout_ms,
                  const descriptor other_end)
{
    const std::string memory = std::to_string(memory_bytes);
    const std::string timeout = std::to_string(timeout_ms);
    const char *const arguments[] = {program.c_str(), memory.c_str(), timeout.c_str(), nullptr};
    spawn_plan plan;

    describe_spawn(plan, other_end.get(), inbox(), outbox());
    const int error = posix_spawn(&pid_, program.c_str(), &plan.actions, &plan.attributes,
                                  const_cast<char *const *>(arguments), environ);
    if (error != 0)
        fail(error == ENOENT || error == EACCES || error == ENOEXEC ? MEDTL_E_CONFIG : MEDTL_E_IO,
             "cannot start %s: %s", program.c_str(), std::strerror(error));
    // On a system without pidfds its number has to do: -1 here.
    process_ = descriptor(pidfd_open(pid_, 0));
}

child::~child() { end(); }

bool child::is_idle() const
{
    struct pollfd what = {socket(), POLLIN, 0};

    return !ended_ && poll(&what, 1, 0) == 0;
}

std::string child::end()
{
    siginfo_t facts = {};
    int waited;

    if (ended_ || pid_ < 0)
        return "has ended";
    ended_ = true;
    // One that is dead already keeps the status it died with.
    if (process_.get() >= 0)
        (void)pidfd_send_signal(process_.get(), SIGKILL, nullptr, 0);
    else
        (void)kill(pid_, SIGKILL);
    do {
        waited = process_.get() >= 0 ? waitid(static_cast<idtype_t>(P_PIDFD),
                                              static_cast<id_t>(process_.get()), &facts, WEXITED)
                                     : waitid(P_PID, static_cast<id_t>(pid_), &facts, WEXITED);
    } while (waited != 0 && errno == EINTR);
    if (waited != 0) // the host ignores SIGCHLD or waits for every child; then nobody knows
        return "ended early";
    if (facts.si_code == CLD_EXITED)
        return "ended with status " + std::to_string(facts.si_status);
    const char *const name = sigabbrev_np(facts.si_status);
    return std::string("crashed (signal ") +
           (name != nullptr ? name : std::to_string(facts.si_status).c_str()) + ")";
}

} // namespace medtl_dicom
