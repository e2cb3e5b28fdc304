using System.Diagnostics;
using Orleans.Runtime;

namespace Orleans.Hosting;

/// <summary>The W3C trace context on its way through the request context.</summary>
internal static class ActivityPropagation
{
    public const string TraceParentKey = "traceparent";
    public const string TraceStateKey = "tracestate";

    private static readonly ActivitySource ApplicationSource = new("Microsoft.Orleans.Application");
    private static readonly ActivitySource RuntimeSource = new("Microsoft.Orleans.Runtime");

    /// <summary>
    /// The source of a call: calls of the runtime to itself have their own, so that one can listen to those of the application alone.
    /// </summary>
    public static ActivitySource SourceOf(IGrainCallContext context) =>
        context.Request.GetInterfaceType().Assembly == typeof(ActivityPropagation).Assembly ? RuntimeSource : ApplicationSource;

    public static string Name(IGrainCallContext context) => $"{context.InterfaceName}/{context.MethodName}";
}

/// <summary>Starts an activity per call that is made, and sends its id along.</summary>
internal sealed class ActivityPropagationOutgoingFilter : IOutgoingGrainCallFilter
{
    public async Task Invoke(IOutgoingGrainCallContext context)
    {
        using var activity = ActivityPropagation.SourceOf(context).StartActivity(ActivityPropagation.Name(context), ActivityKind.Client);
        if (activity?.Id is { } id)
        {
            RequestContext.Set(ActivityPropagation.TraceParentKey, id);
            if (activity.TraceStateString is { } state)
            {
                RequestContext.Set(ActivityPropagation.TraceStateKey, state);
            }
        }

        await Activities.RunAsync(context, activity);
    }
}

/// <summary>Starts an activity per call that arrives, below that of the caller.</summary>
internal sealed class ActivityPropagationIncomingFilter : IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        var parent = RequestContext.Get(ActivityPropagation.TraceParentKey) as string;
        var state = RequestContext.Get(ActivityPropagation.TraceStateKey) as string;
        using var activity = parent is not null && ActivityContext.TryParse(parent, state, isRemote: true, out var remote)
            ? ActivityPropagation.SourceOf(context).StartActivity(ActivityPropagation.Name(context), ActivityKind.Server, remote)
            : ActivityPropagation.SourceOf(context).StartActivity(ActivityPropagation.Name(context), ActivityKind.Server);
        await Activities.RunAsync(context, activity);
    }
}

internal static class Activities
{
    public static async Task RunAsync(IGrainCallContext context, Activity? activity)
    {
        try
        {
            await context.Invoke();
        }
        catch (Exception exception)
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.Message);
            throw;
        }
    }
}
