import ArgumentParser

/// Which services are to be started, stopped or restarted, why, and how long that is waited for.
struct ServiceOrderArguments: ParsableArguments {
    @OptionGroup(title: "Waiting") var patience: ServicePatience

    @Argument(help: "The services.", completion: .service)
    var names: [String]

    @Option(help: ArgumentHelp("Why, for who looks.", valueName: "text"))
    var reason: String?
}
