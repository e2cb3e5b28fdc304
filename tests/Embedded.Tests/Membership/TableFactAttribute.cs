using Dpark.TestKit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Dpark.Tests.Membership;

/// <summary>A test of a suite that is run on several tables. Where the class says <see cref="NeedsRedisAttribute"/> and redis-server is missing, it is skipped.</summary>
[XunitTestCaseDiscoverer("Dpark.Tests.Membership.TableFactDiscoverer", "Dpark.Orleans.Embedded.Tests")]
public sealed class TableFactAttribute : FactAttribute;

/// <summary>Marks classes whose tests need redis-server.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NeedsRedisAttribute : Attribute;

/// <summary>The class of a test is known only when it is discovered.</summary>
public sealed class TableFactDiscoverer(IMessageSink messages) : IXunitTestCaseDiscoverer
{
    public IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute) =>
        [new TableTestCase(messages, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod)];
}

public sealed class TableTestCase : XunitTestCase
{
    /// <summary>For the test framework, which fills it from its serialized form.</summary>
    [Obsolete("For the test framework.")]
    public TableTestCase()
    {
    }

    public TableTestCase(IMessageSink messages, TestMethodDisplay display, TestMethodDisplayOptions options, ITestMethod method)
        : base(messages, display, options, method)
    {
    }

    protected override string? GetSkipReason(IAttributeInfo factAttribute) =>
        !RedisServer.IsInstalled && TestMethod.TestClass.Class.GetCustomAttributes(typeof(NeedsRedisAttribute)).Any()
            ? RedisServer.SkipReason
            : base.GetSkipReason(factAttribute);
}
