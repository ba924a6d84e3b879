import ReeveProtocol
import ReeveScheduler

extension OpenRPC {
    /// Runs as they are answered, and what the agent says of tasks beside their definitions.
    static var runSchemas: [SharedSchema] {
        [
            SharedSchema("Run", "One execution of a task, as it stands now.", .open(runFields)),
            SharedSchema("RunStep", "One process of a run, as it stands now.", .open(runStepFields)),
            SharedSchema("RunAttachment", "A file that a run's steps need.", .open(runAttachmentFields)),
            SharedSchema("RunProbe", "What a step's probe says of it.", .open(runProbeFields)),
            SharedSchema("TaskItem", "A task in a list.", .open(taskItemFields + taskStateFields)),
            SharedSchema("Pause", "Why something stands still, and until when.", .open(pauseFields)),
            SharedSchema("DueTime", "A time at which something is due.", .open(dueTimeFields)),
            SharedSchema("Problem", "Something that can never be valid.", .open(problemFields)),
            SharedSchema(
                "OutputChunk",
                "Whose a piece of output is: pieces follow one another in data.",
                .open(chunkFields)
            ),
        ]
    }

    private static var runFields: [Field] {
        [
            .required("id", .uuid, "its id"),
            .required("task", .ref("TaskID"), "the task"),
            .required("number", .integer(from: 1), "counts the task's runs over all its revisions"),
            .required("revision", .integer(from: 1), "of the task"),
            .required("trigger", .openWord(Trigger.self), "why it was started"),
            .optional("by", .string, "who asked for it, such as uid:1000"),
            .optional("due", .timestamp, "the nominal time of its slot"),
            .required("status", .openWord(RunStatus.self), "how far it is; it never goes back"),
            .optional("outcome", .openWord(Outcome.self), "how it ended, once it has stopped"),
            .optional(
                "cause",
                .string,
                "a stable word for why: exit, signal, outOfMemory, timeout, requested, agentStopped, …"
            ),
            .optional("reason", .string, "the same for people"),
            .optional(
                "waitingFor",
                .list(of: .string),
                "what the task requires and is not so, of a run that waits for it; for people"
            ),
            .required("attempt", .integer(from: 1), "of the same slot"),
            .optional("retryOf", .string, "the run of which this is another attempt"),
            .optional("notBefore", .timestamp, "when it begins at the earliest, of such a one"),
            .optional("notAfter", .timestamp, "it is missed if it has not begun by then, by its task's queueTimeout"),
            .optional("willRetry", .time.orNull, "when another attempt follows; null if none does"),
            .optional(
                "covers",
                .open([
                    .required("count", .integer(from: 1), "how many slots"), .required("from", .timestamp, "the first"),
                    .required("to", .timestamp, "the last"),
                ]),
                "the slots that this one record stands for"
            ),
            .required("createdAt", .timestamp, "when it was decided"),
            .optional("startedAt", .timestamp, "when it was admitted"),
            .optional("stoppedAt", .timestamp, "when it had ended"),
            .required("steps", .list(of: .ref("RunStep")), "in the order of the task"),
            .optional("probes", .list(of: .ref("RunProbe")), "what is known of the health of its steps"),
            .optional("attachments", .list(of: .ref("RunAttachment")), "files that are put in place before its steps"),
            .optional("runner", .openWord(RunnerKind.self), "what started its steps, once it has begun"),
            .optional("previousOutcome", .openWord(Outcome.self), "how the run of the task before it ended"),
        ]
    }

    private static var runProbeFields: [Field] {
        [
            .required("step", .string, "the step's name"),
            .required("attempt", .integer(from: 1), "the try of the step"),
            .required("health", .openWord(ServiceHealth.self), "as it is known last"),
            .optional("reason", .string, "why it is unhealthy, for people"),
            .required("at", .timestamp, "since when"),
        ]
    }

    private static var runAttachmentFields: [Field] {
        [
            .required("path", .string, "where it is"),
            .required("status", .openWord(AttachmentStatus.self), "how far it is; it never goes back"),
            .optional("cause", .string, "a stable word for why it is not in place"),
            .optional("reason", .string, "the same for people"),
            .optional("expiresAt", .timestamp, "when its time is over"),
            .required("at", .timestamp, "when it reached its status"),
        ]
    }

    private static var runStepFields: [Field] {
        [
            .required("name", .string, "its name in the task"),
            .required("status", .openWord(RunStatus.self), "how far it is"),
            .optional("outcome", .openWord(Outcome.self), "how it ended"),
            .optional("cause", .string, "a stable word for why"),
            .optional("reason", .string, "the same for people"),
            .required("attempt", .integer(from: 1), "counts its tries in this run: the rest is of the last of them"),
            .optional("notBefore", .timestamp, "when that begins, of one that waits for its time"),
            .optional("exitCode", .integer(from: 0, to: 255), "if it ended by itself"),
            .optional("signal", .integer(from: 1), "if a signal ended it"),
            .optional("coreDumped", .boolean, "true if that made the kernel write a core file"),
            .optional("pid", .integer(from: 1), "its process"),
            .optional("startedAt", .timestamp, "when its process ran"),
            .optional("readyAt", .timestamp, "when it was ready, of one that says when it is"),
            .optional("stoppingAt", .timestamp, "when it was told to end"),
            .optional("stoppedAt", .timestamp, "when it had ended"),
            .optional(
                "output",
                .open([
                    .required("bytes", .count, "how much it wrote"),
                    .required("dropped", .count, "how much of that was not kept"),
                    .optional("trouble", .string, "why what came last was not: a full disk, runner.output used up"),
                ]),
                "both streams together"
            ),
            .optional(
                "earlierOutput",
                .open([
                    .required("bytes", .count, "how much they wrote"),
                    .required("dropped", .count, "how much of that was not kept"),
                ]),
                "of its tries before this one"
            ),
            .optional(
                "usage",
                .open([
                    .required("userTime", .duration, "processor time of its own code"),
                    .required("systemTime", .duration, "processor time of the kernel for it"),
                    .optional(
                        "maximumResident",
                        .count,
                        "the largest resident set in bytes; absent if less than the agent's own"
                    ),
                    .optional(
                        "peakMemory",
                        .count,
                        "the most that all of it had at once, in bytes; only where a cgroup counts it"
                    ),
                    .optional("bytesRead", .count, "from disks"), .optional("bytesWritten", .count, "to disks"),
                ]),
                "what it used: with all that it started where it had a cgroup, else with those that it waited for"
            ),
            .optional(
                "notEnforced",
                .list(of: .openWord(["memory", "cpu", "tasks"])),
                "those of its limits that the agent could not enforce: agent.status says why"
            ),
        ]
    }

    private static var taskItemFields: [Field] {
        [
            .required("id", .ref("TaskID"), "its id"),
            .required("revision", .integer(from: 1), "the current one"),
            .required("schedule", Schema.ref(Schema.answeredName("Schedule")).orNull, "null: only by hand"),
            .required("scheduleText", .string, "the same on a short line"),
            .optional("labels", .map(of: .string), "its labels"),
        ]
    }

    /// What is known of a task beside its definition.
    static var taskStateFields: [Field] {
        [
            .required("next", .timestamp.orNull, "when it starts next, with jitter"),
            .optional("due", .timestamp, "the nominal time of that slot, where jitter puts it off"),
            .optional(
                "last",
                .open([
                    .required("run", .uuid, "its id"), .required("number", .integer(from: 1), "its number"),
                    .required("outcome", .openWord(Outcome.self), "how it ended"),
                ]),
                "the run that stopped last"
            ),
            .required("running", .list(of: .uuid), "its runs that have not stopped"),
            .optional("paused", .ref("Pause"), "if it is"),
            .required("source", .string, "where its definition belongs: rpc, folder:PATH"),
            .optional("set", .string, "what it was applied with"),
            .required("createdAt", .timestamp, "when it was put first"),
            .required("changedAt", .timestamp, "when its revision was made"),
            .required("by", .string, "who made the revision"),
            .optional("completed", .boolean, "its schedule has no slot any more"),
        ]
    }

    private static var pauseFields: [Field] {
        [
            .required("by", .string, "who paused it"), .required("at", .timestamp, "when"),
            .optional("until", .timestamp, "when it resumes by itself"), .optional("reason", .string, "what for"),
        ]
    }

    private static var dueTimeFields: [Field] {
        [
            .required("time", .timestamp, "in UTC"), .required("local", .ref("LocalTime"), "in the zone asked for"),
            .optional("note", .string, "what daylight saving time does to it"),
        ]
    }

    private static var problemFields: [Field] {
        [
            .required("path", .string, "a JSON Pointer into the parameters; empty for all of them"),
            .required("reason", .string, "what is wrong"), .optional("expected", .string, "what would be right"),
            .optional("hint", .string, "what was perhaps meant, or what to do"),
            .optional("cause", .openWord(ScheduleCause.self), "of a schedule: what is wrong, as a stable word"),
        ]
    }

    private static var chunkFields: [Field] {
        [
            .required("step", .string, "the step's name"), .required("attempt", .integer(from: 1), "of the step"),
            .required("stream", .openWord(OutputStreamName.self), "which it wrote to"),
            .required("time", .timestamp, "when it was read"),
            .required("size", .count, "bytes of it in data, after decoding where that is base64"),
        ]
    }
}
