import ArgumentParser

/// `reeve endpoint`
struct EndpointGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "endpoint",
        abstract: "Say where state changes go, and see how far they are.",
        discussion: """
            EXAMPLES:
              reeve endpoint add ops https://example.com/hook --generate-secret
              reeve endpoint test ops
              reeve endpoint ls
              reeve endpoint mute ops --for 30m --reason deployment
            """,
        subcommands: [
            EndpointList.self, EndpointShow.self, EndpointWhy.self, EndpointAdd.self, EndpointSet.self,
            EndpointEdit.self, EndpointRemove.self,
            EndpointTest.self,
            EndpointPause.self, EndpointMute.self, EndpointResume.self, EndpointRotate.self,
            EndpointReplay.self,
        ]
    )
}
