using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using Dpark.Workers;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>The proxies that the build makes of the engine's grain interfaces, beside those that would be emitted.</summary>
public sealed class BuiltProxyTests
{
    public static TheoryData<Type> Interfaces =>
        [.. typeof(IWorkerGrain).Assembly.GetTypes().Where(type => type.IsInterface && typeof(IAddressable).IsAssignableFrom(type))];

    [Theory]
    [MemberData(nameof(Interfaces))]
    public void Of_InterfaceOfTheEngine_HasTheMethodsThatWouldBeEmitted(Type type)
    {
        var built = BuiltProxy.Of(type);

        Assert.NotNull(built);
        Assert.Equal(Describe(ProxyEmitter.Emit(type).Methods), Describe(built.GetMethods()));
        Assert.Equal(built.GetMethods(), built.GetMethods());
        Assert.Equal(Describe(built.GetMethods()), Describe(GrainInterface.Of(type).Methods));
    }

    [Theory]
    [MemberData(nameof(Interfaces))]
    public async Task Call_EachMethod_SendsItsArgumentsAndReachesTheTarget(Type type)
    {
        var runtime = new RecordingRuntime();
        var reference = runtime.GetReference(GrainId.Create("test", "one"), type);
        Assert.Same(type.Assembly, reference.GetType().Assembly);
        using var stopping = new CancellationTokenSource();
        foreach (var method in GrainInterface.Of(type).Methods)
        {
            var arguments = method.Info.GetParameters().Select((parameter, i) => NewValue(parameter.ParameterType, i, stopping.Token)).ToArray();

            method.Info.Invoke(reference, arguments);

            var message = Assert.Single(runtime.Sent);
            runtime.Sent.Clear();
            var target = (RecordingTarget)DispatchProxy.Create(type, typeof(RecordingTarget));
            message.Request!.SetTarget(new Holder(target));
            await message.Request.Invoke();
            Assert.Equal((method.Id, method.Flags), (message.MethodId, message.Flags));
            Assert.Equal(method.Info, target.Method);
            Assert.Equal(arguments.Where(argument => argument is not CancellationToken), target.Arguments.Where(argument => argument is not CancellationToken));
            Assert.Equal(method.TakesToken, target.Arguments.OfType<CancellationToken>().Any(token => token.CanBeCanceled));
        }
    }

    [Fact]
    public void Of_InterfaceWithoutGenerator_IsNull()
    {
        Assert.Null(BuiltProxy.Of(typeof(Dpark.Embedded.Tests.References.IOverloadsGrain)));
        Assert.Null(BuiltProxy.Of(typeof(IEnumerable<int>)));
    }

    private static IEnumerable<object?> Describe(IEnumerable<InterfaceMethod> methods) => methods.OrderBy(method => method.Id).Select(method =>
        (object)(method.GetType(), method.Info, method.Id, method.Flags, method.IsOneWay, method.IsExtension, method.IsResultShared, (method.TakesToken, method.Timeout, method.InterfaceName)));

    // No two of one method are equal, as far as their type has several values.
    private static object NewValue(Type type, int position, CancellationToken token) =>
        type == typeof(CancellationToken) ? token
        : type == typeof(string) ? $"text {position}"
        : type == typeof(Guid) ? Guid.NewGuid()
        : type == typeof(TimeSpan) ? TimeSpan.FromSeconds(position)
        : type.IsPrimitive ? Convert.ChangeType(position, type, null)
        : type.IsArray ? Array.CreateInstance(type.GetElementType()!, position)
        : RuntimeHelpers.GetUninitializedObject(type);

    private sealed class RecordingRuntime() : CallRuntime(new ServiceCollection().BuildServiceProvider(), new ClientMessagingOptions())
    {
        public ConcurrentQueue<Message> Sent { get; } = [];

        public override GrainId ClientId => GrainId.Create("client", "test");

        public override SiloAddress? Silo => null;

        protected override bool SerializesAtOnce => true;

        public override void Send(Message message) => Sent.Enqueue(message);

        protected override void SendCancel(Message request)
        {
        }
    }

    private sealed class Holder(object target) : Serialization.Invocation.ITargetHolder
    {
        public object GetTarget() => target;

        public object GetComponent(Type componentType) => target;
    }

    internal class RecordingTarget : DispatchProxy
    {
        public MethodInfo? Method { get; private set; }

        public object?[] Arguments { get; private set; } = [];

        // The result is none that could be awaited, which the caller is told.
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            (Method, Arguments) = (targetMethod, args ?? []);
            return null;
        }
    }
}
