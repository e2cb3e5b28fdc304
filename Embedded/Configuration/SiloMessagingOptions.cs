namespace Orleans.Configuration;

/// <summary>How calls of a silo behave.</summary>
public class SiloMessagingOptions : MessagingOptions
{
    /// <summary>How often a message may be sent on to another silo. Default: 2.</summary>
    public int MaxForwardCount { get; set; } = 2;

    /// <summary>How long a gateway remembers a client whose connection broke. Default: 1 min.</summary>
    public TimeSpan ClientDropTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often gateways tell which clients they have. Default: 5 min.</summary>
    public TimeSpan ClientRegistrationRefresh { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a gateway that stops waits after it told its clients to leave. Default: 0.</summary>
    public TimeSpan ClientGatewayShutdownNotificationTimeout { get; set; }

    /// <summary>From how many waiting requests of an activation on a warning is logged. 0: never. Default: 0.</summary>
    public int MaxEnqueuedRequestsSoftLimit { get; set; }

    /// <summary>
    /// From how many waiting requests of an activation on more are refused with <see cref="Runtime.LimitExceededException"/>. 0: never. Default: 0.
    /// </summary>
    public int MaxEnqueuedRequestsHardLimit { get; set; }

    /// <summary>As <see cref="MaxEnqueuedRequestsSoftLimit"/>, for stateless workers. Default: 0.</summary>
    public int MaxEnqueuedRequestsSoftLimit_StatelessWorker { get; set; }

    /// <summary>As <see cref="MaxEnqueuedRequestsHardLimit"/>, for stateless workers. Default: 0.</summary>
    public int MaxEnqueuedRequestsHardLimit_StatelessWorker { get; set; }

    /// <summary>How long a request may run before its activation is given up, once another waits for it. Default: 2 h.</summary>
    public TimeSpan MaxRequestProcessingTime { get; set; } = TimeSpan.FromHours(2);

    /// <summary>How often activations are looked at for long requests. Default: 5 s.</summary>
    public TimeSpan GrainWorkloadAnalysisPeriod { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>From when on a running request is reported as long. Default: 20 s.</summary>
    public TimeSpan RequestProcessingWarningTime { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>From when on a waiting request is reported as long. Default: 20 s.</summary>
    public TimeSpan RequestQueueDelayWarningTime { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a call between parts of the runtime may take. Default: 30 s.</summary>
    public TimeSpan SystemResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether placement takes every silo to host every grain class. Default: false.</summary>
    public bool AssumeHomogenousSilosForTesting { get; set; }
}
