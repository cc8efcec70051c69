import torch

from lanedet.models import ConvClassifier, TransposedConvClassifier


def test_transposed_convolution_doubles_the_size() -> None:
    classifier = TransposedConvClassifier(in_channels=16, num_classes=7)
    assert classifier(torch.zeros(2, 16, 12, 20)).shape == (2, 7, 24, 40)


def test_convolutions_keep_the_size() -> None:
    classifier = ConvClassifier(in_channels=32, num_classes=2, channels=8)
    assert classifier.in_channels == 32
    assert classifier(torch.zeros(2, 32, 12, 20)).shape == (2, 2, 12, 20)


def test_dropout_acts_while_training_only() -> None:
    torch.manual_seed(0)
    classifier = ConvClassifier(in_channels=4, num_classes=2, dropout=0.5)
    feature = torch.randn(4, 4, 3, 3)
    assert not torch.equal(classifier(feature), classifier(feature))
    classifier.eval()
    assert torch.equal(classifier(feature), classifier(feature))
