import ArgumentParser
import Glibc
import ReeveWorkers
import Systemd

// Before anything starts a thread: all of them are to leave these signals to the one that waits for them.
SignalStream.block()

/// One write, for what is said before there is a log or instead of it.
nonisolated func say(_ text: String, to descriptor: Int32) {
    let bytes = Array((text + "\n").utf8)
    _ = write(descriptor, bytes, bytes.count)
}

let arguments: Arguments
do {
    arguments = try Arguments.parse()
} catch {
    let isUsage = !Arguments.exitCode(for: error).isSuccess
    say(Arguments.fullMessage(for: error), to: isUsage ? STDERR_FILENO : STDOUT_FILENO)
    exit(isUsage ? 2 : 0)
}

let passed: [PassedDescriptor]
do {
    if arguments.checkConfig {
        print(try ConfigurationCheck(arguments).message)
        exit(0)
    }
    passed = try PassedDescriptor.take()
} catch {
    say("reeved: \(error)", to: STDERR_FILENO)
    exit(1)
}

guard let workers = WorkerPool.takeOver() else {
    say("reeved: there are no descriptors or threads left", to: STDERR_FILENO)
    exit(1)
}

let (signals, sender) = AsyncStream.makeStream(of: Int32.self)
let daemon = Daemon(arguments: arguments, passed: passed, signals: signals, clock: workers.clock)
// Detached, since this thread belongs to the signals from here on; the process ends with the task.
Task.detached {
    do {
        try await daemon.run()
        exit(0)
    } catch {
        say("reeved: \(error)", to: STDERR_FILENO)
        exit(1)
    }
}
SignalStream.wait(passingTo: sender)
