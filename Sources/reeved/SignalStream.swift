import Glibc

/// The signals that ask the daemon for something, as a sequence.
enum SignalStream {
    /// Keeps these signals from interrupting this thread and all that it starts from now on: to be called before there
    /// are others. Processes of runs get their own mask back.
    static func block() {
        var set = set
        pthread_sigmask(SIG_BLOCK, &set, nil)
        // A client or receiver that is gone shows as an error of the write.
        signal(SIGPIPE, SIG_IGN)
        // What the agent makes has the permissions that it asks for, whatever it was started from.
        umask(0o022)
        // The watchdog's: the run-time library's handler would write a backtrace and leave the process alive.
        signal(SIGABRT, SIG_DFL)
    }

    /// Waits for signals on this thread, for good, and passes each on.
    ///
    /// It has to be the main thread: were that one left to the run-time library, it would unblock the signals there.
    static func wait(passingTo sender: AsyncStream<Int32>.Continuation) -> Never {
        var set = set
        while true {
            var number: Int32 = 0
            if sigwait(&set, &number) == 0 { sender.yield(number) }
        }
    }

    private static var set: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, number) }
        return set
    }
}
