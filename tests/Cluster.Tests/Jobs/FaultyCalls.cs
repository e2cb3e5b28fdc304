using Orleans.Hosting;
using Orleans.TestingHost;

namespace Dpark.Jobs;

/// <summary>What happens to a call on its way.</summary>
public enum CallFault
{
    /// <summary>It never arrives.</summary>
    RequestLost,

    /// <summary>It is carried out, but the caller does not hear of it.</summary>
    ReplyLost,

    /// <summary>It arrives twice, the second time while the first is under way.</summary>
    Duplicate,
}

/// <summary>Does that to the next calls of one method, from driver and silos of this process. One test at a time uses it.</summary>
internal sealed class FaultyCalls : IOutgoingGrainCallFilter
{
    private static readonly AsyncLocal<bool> IsTwin = new();

    private static volatile Plan? s_plan;

    /// <summary>Calls that were hit since <see cref="Hit"/>.</summary>
    public static int HitCount => s_plan?.HitCount ?? 0;

    /// <summary>Completes when as many calls were hit as were to be.</summary>
    public static Task AllHit => s_plan?.AllHit ?? Task.CompletedTask;

    /// <param name="method">Interface and method, such as <c>IWorkerGrain.LaunchAsync</c>.</param>
    /// <param name="count">Calls to hit.</param>
    public static void Hit(string method, CallFault fault, int count) => s_plan = new(method, fault, count);

    public static void HitNothing() => s_plan = null;

    public async Task Invoke(IOutgoingGrainCallContext context)
    {
        if (IsTwin.Value || s_plan is not { } plan || plan.Method != $"{context.InterfaceMethod.DeclaringType!.Name}.{context.MethodName}" || !plan.TryTake())
        {
            await context.Invoke();
            return;
        }

        switch (plan.Fault)
        {
            case CallFault.RequestLost:
                throw new TimeoutException("The test has lost the request.");
            case CallFault.ReplyLost:
                await context.Invoke();
                throw new TimeoutException("The test has lost the reply.");
            default:
                var twin = SendTwin(context);
                await context.Invoke();
                await twin;
                break;
        }
    }

    private static Task SendTwin(IOutgoingGrainCallContext context)
    {
        var parameters = context.InterfaceMethod.GetParameters();
        var arguments = new object?[parameters.Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            arguments[i] = parameters[i].ParameterType == typeof(CancellationToken) ? CancellationToken.None : context.Request.GetArgument(i);
        }

        IsTwin.Value = true;
        try
        {
            return context.InterfaceMethod.Invoke(context.Grain, arguments) switch
            {
                Task task => task,
                ValueTask<bool> task => task.AsTask(),
                _ => throw new NotSupportedException($"{context.MethodName} returns something else than a task."),
            };
        }
        finally
        {
            IsTwin.Value = false;
        }
    }

    private sealed class Plan(string method, CallFault fault, int count)
    {
        private readonly TaskCompletionSource _allHit = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _taken;

        public string Method => method;

        public CallFault Fault => fault;

        public int HitCount => Math.Min(Volatile.Read(ref _taken), count);

        public Task AllHit => _allHit.Task;

        public bool TryTake()
        {
            var taken = Interlocked.Increment(ref _taken);
            if (taken == count)
            {
                _allHit.TrySetResult();
            }

            return taken <= count;
        }
    }

    /// <summary>Puts it into the client of a test cluster.</summary>
    public sealed class InClient : IClientBuilderConfigurator
    {
        public void Configure(Microsoft.Extensions.Configuration.IConfiguration configuration, IClientBuilder clientBuilder) =>
            clientBuilder.AddOutgoingGrainCallFilter(new FaultyCalls());
    }

    /// <summary>Puts it into the silos of a test cluster.</summary>
    public sealed class InSilos : ISiloConfigurator
    {
        public void Configure(ISiloBuilder siloBuilder) => siloBuilder.AddOutgoingGrainCallFilter(new FaultyCalls());
    }
}
