/// Parameters of `run.get`.
package struct RunReference: Sendable, Decodable {
    /// Its id, `TASK/7`, or `TASK/-1` for the last.
    package var run: String
    package var timeZone: String?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case run, timeZone
    }
}

/// Parameters of `run.stop`.
package struct RunStopParameters: Sendable, Decodable {
    package var run: String
    package var reason: String?
    /// What is sent, in the place of what the task says.
    package var signal: String?
    /// From now until what still runs is killed, in the place of what the task says; 0 s to 365 days.
    package var grace: Interval?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case run, reason, signal, grace
    }
}

/// Parameters of `run.input`.
package struct RunInputParameters: Sendable, Decodable {
    package var run: String
    /// The one with a terminal that runs, if absent.
    package var step: String?
    package var data: String
    /// Of `data`: `utf8` if absent.
    package var encoding: OutputEncoding?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case run, data, step, encoding
    }
}

/// Parameters of `run.resize`.
package struct RunResizeParameters: Sendable, Decodable {
    package var run: String
    package var columns: Int
    package var rows: Int
    package var step: String?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case run, columns, rows, step
    }
}

/// Parameters of `run.retry`.
package struct RunRetryParameters: Sendable, Decodable {
    package var run: String

    package enum CodingKeys: String, CodingKey, CaseIterable { case run }
}

/// Parameters of `run.wait`.
package struct RunWaitParameters: Sendable, Decodable {
    package var run: String
    package var deadline: Interval?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case run, deadline
    }
}

/// Parameters of `run.list`, newest first.
package struct RunListParameters: Sendable, Decodable {
    package var task: String?
    package var since: Timestamp?
    package var outcomes: [Outcome]?
    /// Only runs that have not stopped.
    package var live: Bool?
    package var limit: Int?
    package var after: String?
    /// Also the runs of the hidden tasks of `reeve run`.
    package var all: Bool?
    package var timeZone: String?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case task, since, outcomes, live, limit, after, all, timeZone
    }
}

/// Parameters of `run.follow`: all that is there from a position on, and what comes.
package struct RunFollowParameters: Sendable, Decodable {
    package var run: String
    package var step: String?
    package var stream: OutputStreamName?
    package var attempt: Int?
    /// `next` of an answer or message before; from the beginning if absent.
    package var after: String?
    package var encoding: OutputEncoding?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case run, step, stream, attempt, after, encoding
    }
}

/// Parameters of `run.output`.
package struct RunOutputParameters: Sendable, Decodable {
    package var run: String
    package var step: String?
    package var stream: OutputStreamName?
    package var attempt: Int?
    /// `next` of the answer before; from the beginning if absent.
    package var after: String?
    /// Bytes, 1 to 1 MiB.
    package var limit: Int?
    /// Only the last bytes of what there is.
    package var tail: Int?
    package var encoding: OutputEncoding?
    /// How long to wait for output if there is none yet.
    package var wait: Interval?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case run, step, stream, attempt, after, limit, tail, encoding, wait
    }

    /// Whose output is asked for, and from where on, as `run.follow` has it.
    package var follow: RunFollowParameters {
        RunFollowParameters(
            run: run,
            step: step,
            stream: stream,
            attempt: attempt,
            after: after,
            encoding: encoding
        )
    }
}

package enum OutputStreamName: String, WireWord {
    case stdout, stderr
}

package enum OutputEncoding: String, WireWord {
    case utf8, base64
}
