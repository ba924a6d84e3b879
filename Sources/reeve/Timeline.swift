import ArgumentParser
import JSON
import JSONRPC
import ReeveProtocol

/// `reeve timeline`
struct Timeline: Command {
    static let configuration = CommandConfiguration(
        commandName: "timeline",
        abstract: "Show what is due in the next day, task by task.",
        discussion: """
            On a terminal a picture: a line for each task, the present at its left. In a pipe a time is a line, with tabs \
            between time, task and, where it will be skipped, "paused". Times are the nominal ones, without jitter.

            EXAMPLES:
              reeve timeline
              reeve timeline --for 7d
              reeve timeline --for 2h --time-zone Europe/Berlin
              reeve timeline | cut -f2 | sort | uniq -c
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "Only these tasks.", completion: .task)
    var tasks: [String] = []

    @Option(name: .customLong("for"), help: ArgumentHelp("How far to look ahead.", valueName: "duration"))
    var length: Interval = .days(1)

    @Option(help: ArgumentHelp("The zone of the scale (default: the caller's).", valueName: "name"))
    var timeZone: String?

    /// More times of a task than this are counted only.
    private static let mostTimes = 300
    private static let mostTasks = 1000
    private static let mostLines = 100

    func perform() async throws {
        let session = try await Session.open(options)
        var parameters: JSONObject = [
            "for": .string(length.description), "timeZone": .string(timeZone ?? session.zone),
        ]
        if !tasks.isEmpty { parameters["tasks"] = .array(tasks.map(JSON.string)) }
        let answer =
            session.terminal.isTerminal && !session.wantsJSON
            ? try await picture(parameters, session) : try await lines(parameters, session)
        if answer["more"]?.bool == true {
            Standard.say("more tasks are due; \"reeve timeline TASK …\" shows just those that are named")
        }
    }

    private func lines(_ parameters: JSONObject, _ session: Session) async throws -> JSON {
        var parameters = parameters
        parameters["times"] = .number(Self.mostTimes)
        parameters["limit"] = .number(Self.mostTasks)
        let answer = try await session.call("schedule.timeline", parameters)
        guard !session.printJSON(answer) else { return answer }
        let page = TimelinePage(answer, session.times)
        if page.lines.isEmpty { Standard.say(ifEmpty) } else { Standard.print(page.lines) }
        for omission in page.omissions { Standard.say(omission) }
        return answer
    }

    private func picture(_ parameters: JSONObject, _ session: Session) async throws -> JSON {
        var parameters = parameters
        parameters["limit"] = .number(Self.mostLines)
        // How wide names are, and so how much room there is, is known only then.
        parameters["cells"] = 1
        let first = TimelinePage(try await session.call("schedule.timeline", parameters), session.times)
        let cell = first.cell(of: length, width: session.terminal.width)
        let count = max(1, (length.milliseconds + cell.milliseconds - 1) / cell.milliseconds)
        parameters["for"] = .string(
            Interval(milliseconds: min(count * cell.milliseconds, Interval.days(366).milliseconds)).description
        )
        parameters["cells"] = .number(Int(count))
        let answer = try await session.call("schedule.timeline", parameters)
        let page = TimelinePage(answer, session.times)
        if page.isEmpty {
            Standard.say(ifEmpty)
        } else {
            Standard.print(page.picture(cell: cell, styled: session.terminal.isStyled))
        }
        return answer
    }

    private var ifEmpty: String {
        tasks.isEmpty ? "nothing is due within \(length)" : "none of them is due within \(length)"
    }
}
