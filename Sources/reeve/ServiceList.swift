import ArgumentParser
import JSON

/// `reeve service ls`
struct ServiceList: Command {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List the services.",
        discussion: """
            In a pipe a service is a line, with tabs between name, status, health, since, process id, starts and what \
            else is to say of it.

            EXAMPLES:
              reeve service ls
              reeve service ls -l team=data
              reeve service ls | awk -F'\\t' '$2 != "running"'
            """
    )

    @OptionGroup var options: GlobalOptions

    @Option(name: [.customShort("l"), .long], help: ArgumentHelp("Only services with this label.", valueName: "K=V"))
    var label: [Assignment] = []

    func perform() async throws {
        let session = try await Session.open(options)
        var parameters = JSONObject()
        parameters["labels"] = try label.pairs("--label")
        let answer = try await session.list("service.list", parameters, "services")
        if session.printJSON(answer) { return }
        let table = Self.table(answer["services"]?.array ?? [], session.times)
        let none = label.isEmpty ? "no services; add one with: reeve service add NAME -- COMMAND" : "no such service"
        session.print(table, ifEmpty: none)
    }

    static func table(_ services: [JSON], _ times: TimeText) -> Table {
        var table = Table("SERVICE", "STATUS", "HEALTH", "FOR", "PID", "STARTS", "WHY")
        for service in services {
            let standing = ServiceStanding(item: service, times: times)
            table.add(
                Table.Cell(standing.name, .strong),
                Table.Cell(standing.status, standing.style),
                Table.Cell(standing.health, standing.healthStyle),
                Table.Cell(standing.age),
                Table.Cell(service["pid"]?.integer.map(String.init)),
                Table.Cell(service["starts"]?.integer.map(String.init)),
                Table.Cell(standing.note)
            )
        }
        return table
    }
}
