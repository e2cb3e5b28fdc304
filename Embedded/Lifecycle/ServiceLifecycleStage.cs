namespace Orleans;

/// <summary>The stages of a silo's and of a client's life. They start in ascending and stop in descending order.</summary>
public static class ServiceLifecycleStage
{
    /// <summary>Before everything else.</summary>
    public const int First = int.MinValue;

    /// <summary>The runtime prepares itself: addresses, messaging.</summary>
    public const int RuntimeInitialize = 2_000;

    /// <summary>The runtime's services start: networking, membership.</summary>
    public const int RuntimeServices = 4_000;

    /// <summary>Storage that the runtime needs.</summary>
    public const int RuntimeStorageServices = 6_000;

    /// <summary>The runtime can host grains. Nobody places one here yet.</summary>
    public const int RuntimeGrainServices = 8_000;

    /// <summary>After <see cref="RuntimeGrainServices"/>.</summary>
    public const int AfterRuntimeGrainServices = 8_100;

    /// <summary>Services of the application, among them grain storage.</summary>
    public const int ApplicationServices = 10_000;

    /// <summary>The other silos must answer before this one joins.</summary>
    public const int ValidateInitialConnectivity = BecomeActive - 99;

    /// <summary>At stop: directory entries are handed over.</summary>
    public const int GrainDirectoryShutdown = GrainDeactivation - 1;

    /// <summary>At stop: activations end.</summary>
    public const int GrainDeactivation = BecomeActive - 1;

    /// <summary>The silo joins the cluster, or begins to leave it.</summary>
    public const int BecomeActive = Active - 1;

    /// <summary>The silo is active: grains may be called.</summary>
    public const int Active = 20_000;

    /// <summary>After everything else.</summary>
    public const int Last = int.MaxValue;
}
