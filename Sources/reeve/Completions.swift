import ArgumentParser

/// `reeve completions`
struct Completions: Command {
    static let configuration = CommandConfiguration(
        commandName: "completions",
        abstract: "Print a script that completes reeve's arguments in your shell.",
        discussion: """
            EXAMPLES:
              source <(reeve completions bash)
              reeve completions zsh > ~/.zsh/completions/_reeve
              reeve completions fish > ~/.config/fish/completions/reeve.fish
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "bash, zsh or fish.", completion: .list(["bash", "zsh", "fish"]))
    var shell: String

    func perform() async throws {
        guard let shell = CompletionShell(rawValue: shell) else {
            throw CommandFailure(.usage, "\"\(shell)\" is no shell that is known here", hint: "bash, zsh or fish")
        }
        Standard.print(Reeve.completionScript(for: shell))
    }
}
