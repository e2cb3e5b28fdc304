using Orleans.Serialization.Invocation;

namespace Dpark.Conformance.Filters;

/// <summary>The outer filter of a silo: marks calls, and changes results, arguments, exceptions of some methods.</summary>
public sealed class OuterFilter : IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.InterfaceMethod?.DeclaringType != typeof(IFilteredGrain))
        {
            await context.Invoke();
            return;
        }

        FilterMarks.Add("outer");
        switch (context.MethodName)
        {
            case nameof(IFilteredGrain.DoubleAsync):
                context.Request.SetArgument(0, 1 + (int)context.Request.GetArgument(0)!);
                await context.Invoke();
                context.Result = 100 + (int)context.Result!;
                break;
            case nameof(IFilteredGrain.FailAsync):
                try
                {
                    await context.Invoke();
                }
                catch (InvalidOperationException exception)
                {
                    throw new NotSupportedException($"replaced: {exception.Message}");
                }

                break;
            case nameof(IFilteredGrain.SkipAsync):
                context.Result = 42;
                break;
            case nameof(IFilteredGrain.AnswerAsync):
                context.Response = Response.FromResult<object>(43);
                break;
            case nameof(IFilteredGrain.SkipWithoutResultAsync):
                break;
            case nameof(IFilteredGrain.NothingAsync):
                await context.Invoke();
                FilterResult.RequireNone(context);
                break;
            default:
                await context.Invoke();
                break;
        }
    }
}

/// <summary>The inner filter of a silo: tells the callee what a filter knows of the call.</summary>
public sealed class InnerFilter : IIncomingGrainCallFilter
{
    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.InterfaceMethod?.DeclaringType == typeof(IFilteredGrain))
        {
            FilterMarks.Add("inner");
            FilterMarks.Add($"{context.MethodName}@{context.TargetId.Type}");
            FilterMarks.Add($"{context.Grain?.GetType().Name}.{context.ImplementationMethod?.Name}");
            FilterMarks.Add($"{context.TargetContext?.GrainId == context.TargetId}");
        }

        return context.Invoke();
    }
}

/// <summary>Marks calls where they leave: a silo or a client.</summary>
public sealed class OutgoingFilter : IOutgoingGrainCallFilter
{
    public async Task Invoke(IOutgoingGrainCallContext context)
    {
        if (context.InterfaceMethod?.DeclaringType == typeof(IFilteredGrain))
        {
            FilterMarks.Add(context.SourceContext is { } source ? $"from:{source.GrainId.Type}" : "from:client");
        }

        await context.Invoke();
        if (context.MethodName == nameof(IFilteredGrain.NothingAsync))
        {
            FilterResult.RequireNone(context);
        }
    }
}

internal static class FilterResult
{
    public static void RequireNone(IGrainCallContext context)
    {
        if (context.Result is { } result)
        {
            throw new InvalidDataException($"The call without a result has {result}.");
        }
    }
}
