import ArgumentParser

/// `reeve service`: without a command it lists them.
struct ServiceGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "service",
        abstract: "Keep long-running processes up, in the order in which they need each other.",
        discussion: """
            Without a command: the list of services.

            EXAMPLES:
              reeve service add files --ready-tcp localhost:8000 -- python3 -m http.server
              reeve service add beat --requires files -c 'while date; do sleep 5; done'
              reeve service
              reeve service logs -f beat
              reeve service rm beat files
            """,
        subcommands: [
            ServiceList.self, ServiceShow.self, ServiceAdd.self, ServiceApply.self, ServiceEdit.self,
            ServiceRemove.self, ServiceStart.self, ServiceStop.self, ServiceRestart.self, ServiceLogs.self,
            ServiceWhy.self, ServiceWait.self,
        ],
        defaultSubcommand: ServiceList.self
    )
}
