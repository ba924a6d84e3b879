import ArgumentParser
import ReeveProtocol

/// `reeve group`
struct GroupGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "group",
        abstract: "Groups of tasks, and how many runs of theirs, and of all, go on at once.",
        discussion: """
            A task is in the group that it names: reeve add … --group disk.

            EXAMPLES:
              reeve group set disk --limit 1
              reeve group set --all --limit 8
              reeve group ls
              reeve pause --group disk --for 2h
            """,
        subcommands: [GroupList.self, GroupSet.self]
    )
}
