import ArgumentParser
import ReeveAgent
import ReeveProtocol

/// The command line of `reeved`.
struct Arguments: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reeved",
        abstract: "Runs a host's work when it is due, and tells everyone who must hear of it.",
        discussion: """
            Without any option the agent runs on defaults: as root with its state in /var/lib/reeve and its socket at \
            /run/reeve/reeve.sock, as a user below $XDG_STATE_HOME and $XDG_RUNTIME_DIR. It reads \
            /etc/reeve/reeve.yaml (for a user $XDG_CONFIG_HOME/reeve/reeve.yaml) if it is there.

            EXAMPLES:
              reeved --state-directory /tmp/reeve --socket /tmp/reeve.sock
              reeved --check-config --config /etc/reeve/reeve.yaml

            SIGTERM and SIGINT end it in order. See reeved(8) and reeve(1).
            """,
        version: "reeved \(Identity.version)"
    )

    @Option(help: ArgumentHelp("Read this configuration; it has to be there.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("Listen on this Unix socket, unless systemd passes one.", valueName: "path"))
    var socket: String?

    @Option(help: ArgumentHelp("Keep the database and the output of runs here.", valueName: "dir"))
    var stateDirectory: String?

    @Flag(help: "Check the configuration, say what is wrong with it, and end.")
    var checkConfig = false

    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    var logLevel: LogLevelName?

    @Option(help: ArgumentHelp("auto, text, json or journal.", valueName: "format"))
    var logFormat: LogFormatName?
}

extension LogLevelName: ExpressibleByArgument {}
extension LogFormatName: ExpressibleByArgument {}
